namespace LlmGateway.Routing.Streaming;

/// <summary>
/// Decides whether an answer is whole. A success needs the provider's own end: its terminator, or a clean end of the body after every
/// choice had its finish_reason. Everything else that ends is a broken answer, and no other code may call it anything else.
/// </summary>
internal sealed class StreamState(int choices)
{
    private readonly HashSet<int> _finished = [];

    /// <summary>The provider's terminator arrived.</summary>
    public bool Terminated { get; private set; }

    /// <summary>The answer is whole, if the body ends here.</summary>
    public bool MayEnd => Terminated || _finished.Count >= choices;

    /// <param name="indexes">Choices with a finish_reason. One that repeats it finishes no other.</param>
    public void Finished(IEnumerable<int> indexes) => _finished.UnionWith(indexes);

    public void Terminator() => Terminated = true;
}
