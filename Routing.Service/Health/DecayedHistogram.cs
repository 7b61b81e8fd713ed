namespace LlmGateway.Routing.Health;

/// <summary>
/// Times of which the recent ones count most, for a quantile within a tenth of the truth. (System.Diagnostics.Metrics only exports histograms: nothing
/// in the process can ask one.)
/// </summary>
internal sealed class DecayedHistogram
{
    // From 1 ms on, each bucket a fifth wider than the one before it: the last one begins at 25 minutes.
    private const double First = 0.001;
    private const double Growth = 1.2;
    private const int Buckets = 80;

    // Then all are halved: what is older than the last few hundred hardly counts.
    private const double Most = 200;

    private readonly Lock _lock = new();
    private readonly double[] _counts = new double[Buckets];
    private double _total;

    public void Add(TimeSpan time)
    {
        var bucket = time.TotalSeconds <= First ? 0 : (int)Math.Min(Math.Log(time.TotalSeconds / First, Growth) + 1, Buckets - 1);
        lock (_lock)
        {
            _counts[bucket]++;
            if (++_total > Most)
            {
                _total /= 2;
                for (var index = 0; index < Buckets; index++)
                {
                    _counts[index] /= 2;
                }
            }
        }
    }

    /// <param name="part">0.95: the time that 95 of 100 keep to.</param>
    /// <param name="least">Fewer times than this say nothing.</param>
    public TimeSpan? Quantile(double part, int least)
    {
        lock (_lock)
        {
            if (_total < least)
            {
                return null;
            }

            var left = _total * part;
            var bucket = 0;
            while (bucket < Buckets - 1 && (left -= _counts[bucket]) > 0)
            {
                bucket++;
            }

            return TimeSpan.FromSeconds(First * Math.Pow(Growth, bucket));
        }
    }
}
