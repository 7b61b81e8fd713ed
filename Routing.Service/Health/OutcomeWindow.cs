namespace LlmGateway.Routing.Health;

/// <summary>
/// How the last calls of a deployment ended. It trips at so many failures among twice as many calls: that many in a row, and also a
/// deployment that fails every other time.
/// </summary>
internal sealed class OutcomeWindow(int threshold)
{
    private readonly bool[] _failed = new bool[2 * threshold];
    private int _next;

    public int Failures { get; private set; }

    public bool IsTripped => Failures >= threshold;

    public void Add(bool failed)
    {
        Failures += (failed ? 1 : 0) - (_failed[_next] ? 1 : 0);
        _failed[_next] = failed;
        _next = (_next + 1) % _failed.Length;
    }

    public void Clear()
    {
        Array.Clear(_failed);
        Failures = 0;
    }
}
