using LlmGateway.Routing.Streaming;

namespace LlmGateway.Routing.Calls;

/// <summary>
/// What a provider makes and does not show, reasoning above all, which is billed when the usage comes, at the end. While nothing
/// visible comes, it is taken to make so many tokens a second; that is held, and never charged. From the moment of this object on, which is that of the
/// provider's acceptance. A usage on the way says what there is, the hidden part included.
/// </summary>
/// <param name="meter">Of the answer.</param>
/// <param name="tokensPerSecond">At least 1.</param>
/// <param name="most">The deployment's maximum, over all answers of the call.</param>
/// <param name="time">The clock.</param>
internal sealed class HiddenOutput(UsageMeter meter, int tokensPerSecond, long most, TimeProvider time)
{
    // As between two pieces of any answer.
    private static readonly TimeSpan Ordinary = TimeSpan.FromSeconds(1);

    // Written by who reads the answer, and read by who watches it too.
    private long _produced = meter.OutputSoFar;
    private long _since = time.GetTimestamp();
    private long _hidden;
    private long _visible = meter.OutputSoFar;
    private long _reported = meter.ReportedOutput;

    /// <summary>Visible and hidden output up to the last visible one.</summary>
    public long Produced => Volatile.Read(ref _produced);

    /// <summary>With what may have been made since; always less than there can be, so that a hold of that much is enough.</summary>
    public long ProducedNow => Math.Max(Produced, Math.Min(Produced + Made(Silence), most - 1));

    private TimeSpan Silence => time.GetElapsedTime(Volatile.Read(ref _since));

    /// <summary>To be called after each read of the answer.</summary>
    public void Read()
    {
        var visible = meter.OutputSoFar;
        if (visible == _visible)
        {
            return;
        }

        var now = time.GetTimestamp();
        _hidden = meter.ReportedOutput != _reported ? 0 : Math.Min(_hidden + Made(time.GetElapsedTime(_since, now)), most - 1);
        (_visible, _reported) = (visible, meter.ReportedOutput);
        Volatile.Write(ref _produced, Math.Max(visible, Math.Min(visible + _hidden, most - 1)));
        Volatile.Write(ref _since, now);
    }

    /// <summary>How long it is, should nothing visible come, until so many tokens may have been made; infinite where that cannot be.</summary>
    public TimeSpan Until(long tokens)
    {
        if (tokens >= most)
        {
            return Timeout.InfiniteTimeSpan;
        }

        var left = Math.Max(tokens - Produced, 0);
        var silence = TimeSpan.FromTicks(checked((left * TimeSpan.TicksPerSecond) + tokensPerSecond - 1) / tokensPerSecond);
        var wait = (silence > Ordinary ? silence : Ordinary + TimeSpan.FromTicks(1)) - Silence;
        return wait > TimeSpan.FromMilliseconds(1) ? wait : TimeSpan.FromMilliseconds(1);
    }

    private long Made(TimeSpan silence) => silence > Ordinary ? (long)((Int128)silence.Ticks * tokensPerSecond / TimeSpan.TicksPerSecond) : 0;
}
