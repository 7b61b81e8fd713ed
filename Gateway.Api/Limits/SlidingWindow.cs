namespace LlmGateway.Gateway.Limits;

/// <summary>Counts what happened in the last so many milliseconds, in memory; window.lua counts the same in Redis.</summary>
/// <remarks>
/// The time is cut into slots of a 120th of the window, and a slot counts until all of it has left the window. So what is admitted in any stretch
/// of the window's length never exceeds the limit, what can be admitted is less than 1 % below it, and 121 numbers are remembered at most.
/// System.Threading.RateLimiting has such a window, but neither takes back, nor tells when there will be room, nor has a clock that can be set.
/// </remarks>
internal sealed class SlidingWindow(long milliseconds)
{
    public const int Slots = 120;

    // By slot, without those in which nothing happened.
    private readonly List<(long Slot, long Count)> _counts = [];

    public long Total { get; private set; }

    /// <summary>The current slot, after <see cref="MoveTo"/>.</summary>
    public long Slot { get; private set; }

    /// <summary>Nothing is remembered.</summary>
    public bool IsEmpty => _counts.Count == 0;

    /// <param name="now">Unix milliseconds.</param>
    public void MoveTo(long now)
    {
        Slot = now * Slots / milliseconds;
        if (IsEmpty)
        {
            return;
        }

        var newest = _counts[^1].Slot;
        if (newest < Slot - Slots || newest > Slot + Slots)
        {
            _counts.Clear();
            Total = 0;
            return;
        }

        // A clock that was set back stands still until it has caught up.
        Slot = Math.Max(Slot, newest);
        var dead = 0;
        for (; _counts[dead].Slot < Slot - Slots; dead++)
        {
            Total -= _counts[dead].Count;
        }

        _counts.RemoveRange(0, dead);
    }

    public void Add(long amount)
    {
        if (IsEmpty || _counts[^1].Slot < Slot)
        {
            _counts.Add((Slot, 0));
        }

        _counts[^1] = (Slot, _counts[^1].Count + amount);
        Total += amount;
    }

    /// <summary>Gives back to a slot what is still remembered of it.</summary>
    public void GiveBack(long slot, long amount)
    {
        var index = _counts.FindIndex(count => count.Slot == slot);
        if (index < 0)
        {
            return;
        }

        var back = Math.Min(amount, _counts[index].Count);
        _counts[index] = (slot, _counts[index].Count - back);
        Total -= back;
    }

    /// <summary>Milliseconds until nothing is used any more.</summary>
    public long ResetMs(long now) => Total == 0 ? 0 : DiesAt(_counts[^1].Slot) - now;

    /// <summary>Milliseconds until so much more than now has left the window.</summary>
    public long WaitMs(long excess, long now)
    {
        var freed = 0L;
        foreach (var (slot, count) in _counts)
        {
            freed += count;
            if (freed >= excess)
            {
                return DiesAt(slot) - now;
            }
        }

        return DiesAt(Slot) - now;
    }

    // The first millisecond at which no part of the slot is in the window.
    private long DiesAt(long slot) => (((slot + Slots + 1) * milliseconds) + Slots - 1) / Slots;
}
