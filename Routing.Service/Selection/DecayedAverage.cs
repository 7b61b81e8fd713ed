namespace LlmGateway.Routing.Selection;

/// <summary>An average of what was measured lately: the older it is, the less it counts beside what is measured next.</summary>
internal struct DecayedAverage
{
    private const double NewShare = 0.2;
    private static readonly TimeSpan HalfLife = TimeSpan.FromMinutes(1);

    private TimeSpan _at;

    /// <summary>0 when nothing was measured.</summary>
    public double Value { get; private set; }

    public void Add(double value, TimeSpan now)
    {
        var share = Value > 0 ? 1 - ((1 - NewShare) * Faith(now)) : 1;
        Value += share * (value - Value);
        _at = now;
    }

    /// <summary>From 1, for what was measured just now, to 0.</summary>
    public readonly double Faith(TimeSpan now) => Math.Pow(0.5, (now - _at) / HalfLife);
}
