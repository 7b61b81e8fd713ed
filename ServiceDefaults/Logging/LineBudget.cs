namespace LlmGateway.ServiceDefaults.Logging;

/// <summary>So many lines a second at most of what strangers can cause as often as they like.</summary>
public sealed class LineBudget(TimeProvider time, int perSecond)
{
    private readonly Lock _counting = new();
    private long _second = time.GetTimestamp();
    private int _written;
    private long _withheld;

    /// <param name="withheld">With true: the lines that were withheld since the last one.</param>
    public bool TryTake(out long withheld)
    {
        lock (_counting)
        {
            if (time.GetElapsedTime(_second) >= TimeSpan.FromSeconds(1))
            {
                (_second, _written) = (time.GetTimestamp(), 0);
            }

            if (_written >= perSecond)
            {
                _withheld++;
                withheld = 0;
                return false;
            }

            _written++;
            (withheld, _withheld) = (_withheld, 0);
            return true;
        }
    }
}
