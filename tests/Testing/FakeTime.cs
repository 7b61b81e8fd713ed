using System.Diagnostics;

namespace LlmGateway.Testing;

/// <summary>
/// A clock that stands still until a test moves it, timers included. (The packaged one, TimeProvider.Testing, is not in
/// the building feed.)
/// </summary>
public sealed class FakeTime(DateTimeOffset start) : TimeProvider
{
    private readonly Lock _lock = new();
    private readonly List<FakeTimer> _timers = [];
    private DateTimeOffset _now = start;

    public FakeTime()
        : this(new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero))
    {
    }

    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    public override DateTimeOffset GetUtcNow()
    {
        lock (_lock)
        {
            return _now;
        }
    }

    public override long GetTimestamp() => GetUtcNow().Ticks;

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        var timer = new FakeTimer(this, callback, state);
        timer.Change(dueTime, period);
        return timer;
    }

    /// <summary>Moves the clock; each timer that falls due on the way fires at its own moment, on this thread.</summary>
    public void Advance(TimeSpan by)
    {
        var target = GetUtcNow() + by;
        while (NextDue(target) is { } timer)
        {
            timer.Fire();
        }

        lock (_lock)
        {
            _now = target;
        }
    }

    /// <summary>Ends when somebody waits for this long from now; a TimeoutException after 30 s. To move the clock before would be too early.</summary>
    public async Task TimerSetAsync(TimeSpan dueIn)
    {
        var asked = Stopwatch.GetTimestamp();
        while (!IsSet(dueIn))
        {
            if (Stopwatch.GetElapsedTime(asked) > TimeSpan.FromSeconds(30))
            {
                throw new TimeoutException($"Nobody waits for {dueIn}.");
            }

            await Task.Delay(TimeSpan.FromMilliseconds(2));
        }
    }

    private bool IsSet(TimeSpan dueIn)
    {
        lock (_lock)
        {
            return _timers.Any(timer => timer.Due - _now == dueIn);
        }
    }

    private FakeTimer? NextDue(DateTimeOffset until)
    {
        lock (_lock)
        {
            var next = _timers.MinBy(t => t.Due);
            if (next is null || next.Due > until)
            {
                return null;
            }

            _now = next.Due > _now ? next.Due : _now;
            return next;
        }
    }

    private sealed class FakeTimer(FakeTime time, TimerCallback callback, object? state) : ITimer
    {
        private TimeSpan _period;

        public DateTimeOffset Due { get; private set; }

        public bool Change(TimeSpan dueTime, TimeSpan period)
        {
            lock (time._lock)
            {
                _period = period;
                time._timers.Remove(this);
                if (dueTime != Timeout.InfiniteTimeSpan)
                {
                    Due = time._now + dueTime;
                    time._timers.Add(this);
                }
            }

            return true;
        }

        public void Fire()
        {
            Change(_period > TimeSpan.Zero ? _period : Timeout.InfiniteTimeSpan, _period);
            callback(state);
        }

        public void Dispose()
        {
            lock (time._lock)
            {
                time._timers.Remove(this);
            }
        }

        public ValueTask DisposeAsync()
        {
            Dispose();
            return ValueTask.CompletedTask;
        }
    }
}
