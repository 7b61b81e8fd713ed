namespace LlmGateway.Gateway.Limits;

/// <summary>Counts in this process alone. Decides as admit.lua does, step by step: a test compares the two.</summary>
internal sealed class MemoryLimits(TimeSpan leaseTime)
{
    private readonly Lock _lock = new();
    private readonly Dictionary<string, SlidingWindow> _windows = [];

    // By the limit: the leases and when they end, in Unix milliseconds.
    private readonly Dictionary<string, Dictionary<string, long>> _leases = [];

    /// <summary>Limits that something is remembered of.</summary>
    public int Count
    {
        get
        {
            lock (_lock)
            {
                return _windows.Count + _leases.Count;
            }
        }
    }

    /// <param name="charges">All or none.</param>
    /// <param name="lease">The id of the place among parallel calls.</param>
    /// <param name="now">Unix milliseconds.</param>
    public LimitVerdict Admit(ReadOnlySpan<Charge> charges, string lease, long now)
    {
        lock (_lock)
        {
            var (refused, wait) = (-1, 0L);
            for (var index = 0; index < charges.Length; index++)
            {
                var retry = Retry(charges[index], now);
                if (retry is { } ms && wait >= 0 && (ms > wait || ms == LimitVerdict.Never))
                {
                    (refused, wait) = (index, ms);
                }
            }

            var states = new LimitState[charges.Length];
            for (var index = 0; index < charges.Length; index++)
            {
                states[index] = charges[index].Rule.WindowMs == 0
                    ? TakePlace(charges[index], lease, refused < 0, now)
                    : Take(charges[index], refused < 0, now);
            }

            return new(refused, wait, states);
        }
    }

    public void Correct(ReadOnlySpan<Correction> corrections, string lease, long now)
    {
        lock (_lock)
        {
            foreach (var (rule, slot, delta) in corrections)
            {
                if (rule.WindowMs == 0)
                {
                    _leases.GetValueOrDefault(rule.StoreKey)?.Remove(lease);
                }
                else if (delta < 0)
                {
                    _windows.GetValueOrDefault(rule.StoreKey)?.GiveBack(slot, -delta);
                }
                else if (delta > 0)
                {
                    WindowOf(rule, now).Add(delta);
                }
            }
        }
    }

    public void Renew(IEnumerable<Lease> leases, long now)
    {
        lock (_lock)
        {
            foreach (var lease in leases)
            {
                foreach (var rule in lease.Rules)
                {
                    LeasesOf(rule, now)[lease.Id] = now + (long)leaseTime.TotalMilliseconds;
                }
            }
        }
    }

    /// <summary>Forgets what nothing is counted of any more, so that keys that nobody uses cost nothing.</summary>
    public void Sweep(long now)
    {
        lock (_lock)
        {
            foreach (var (key, window) in _windows)
            {
                window.MoveTo(now);
                if (window.IsEmpty)
                {
                    _windows.Remove(key);
                }
            }

            foreach (var (key, leases) in _leases)
            {
                RemoveExpired(leases, now);
                if (leases.Count == 0)
                {
                    _leases.Remove(key);
                }
            }
        }
    }

    /// <summary>Forgets everything.</summary>
    public void Clear()
    {
        lock (_lock)
        {
            _windows.Clear();
            _leases.Clear();
        }
    }

    // Null: it does not refuse.
    private long? Retry(Charge charge, long now)
    {
        var (rule, amount, least) = charge;
        if (rule.WindowMs == 0)
        {
            return amount == 0 || LeasesOf(rule, now).Count < rule.Limit ? null
                : rule.Limit == 0 ? LimitVerdict.Never
                : LimitVerdict.ParallelRetryMs;
        }

        var window = WindowOf(rule, now);
        return least == 0 || window.Total + least <= rule.Limit ? null
            : least > rule.Limit ? LimitVerdict.Never
            : window.WaitMs(window.Total + least - rule.Limit, now);
    }

    private LimitState Take(Charge charge, bool admitted, long now)
    {
        var window = WindowOf(charge.Rule, now);
        var taken = admitted ? Math.Min(charge.Amount, Math.Max(charge.Rule.Limit - window.Total, charge.Least)) : 0;
        if (taken > 0)
        {
            window.Add(taken);
        }

        return new(window.Total, window.ResetMs(now), window.Slot, taken);
    }

    private LimitState TakePlace(Charge charge, string lease, bool admitted, long now)
    {
        var leases = LeasesOf(charge.Rule, now);
        var taken = admitted && charge.Amount > 0 ? 1 : 0;
        if (taken > 0)
        {
            leases[lease] = now + (long)leaseTime.TotalMilliseconds;
        }

        return new(leases.Count, 0, 0, taken);
    }

    private SlidingWindow WindowOf(LimitRule rule, long now)
    {
        if (!_windows.TryGetValue(rule.StoreKey, out var window))
        {
            _windows.Add(rule.StoreKey, window = new(rule.WindowMs));
        }

        window.MoveTo(now);
        return window;
    }

    private Dictionary<string, long> LeasesOf(LimitRule rule, long now)
    {
        if (!_leases.TryGetValue(rule.StoreKey, out var leases))
        {
            _leases.Add(rule.StoreKey, leases = []);
        }

        RemoveExpired(leases, now);
        return leases;
    }

    private static void RemoveExpired(Dictionary<string, long> leases, long now)
    {
        foreach (var (id, end) in leases)
        {
            if (end <= now)
            {
                leases.Remove(id);
            }
        }
    }
}
