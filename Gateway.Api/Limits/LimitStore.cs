using System.Diagnostics.CodeAnalysis;
using Microsoft.Extensions.Options;
using StackExchange.Redis;

namespace LlmGateway.Gateway.Limits;

/// <summary>Where limits are counted at the moment: in Redis, or in this process while Redis fails.</summary>
/// <remarks>
/// 1. What fails in Redis is decided in memory, at once, and from then on everything is, until Redis has proved itself for a while.
/// 2. A Redis that neither answers nor fails is noticed by <see cref="LimitStoreWatch"/>, which asks it all the time; everybody who waits for it
///    then is let go. The client library (1.2.6) has no timeout of its own for this.
/// 3. What Redis does late for a call that was decided in memory meanwhile is undone.
/// 4. Counts do not move between the two. Places of running calls do, by being renewed.
/// </remarks>
[SuppressMessage("Design", "CA1001:Types that own disposable fields should be disposable", Justification = "The source has no timer and no link.")]
internal sealed partial class LimitStore
{
    private const int MaxReason = 200;

    private readonly RedisLimits? _redis;
    private readonly MemoryLimits _memory;
    private readonly GatewayMetrics _metrics;
    private readonly TimeProvider _time;
    private readonly ILogger<LimitStore> _logger;
    private readonly Lock _switching = new();
    private readonly HashSet<Lease> _leases = [];

    // Cancelled when Redis fails, and replaced when it is back.
    private CancellationTokenSource _failing = new();
    private long _switchedAt;
    private long? _loggedAt;

    public LimitStore(IOptions<LimitOptions> options, GatewayMetrics metrics, TimeProvider time, ILogger<LimitStore> logger, IConnectionMultiplexer? redis = null)
    {
        LeaseTime = TimeSpan.FromSeconds(options.Value.LeaseSeconds);
        _memory = new(LeaseTime);
        (_metrics, _time, _logger) = (metrics, time, logger);
        _redis = redis is null || options.Value.InMemory ? null : new(redis, LeaseTime);
        metrics.ObserveLimiter(() => !InRedis);
    }

    public TimeSpan LeaseTime { get; }

    /// <summary>Redis is to be used, whether it works or not.</summary>
    [MemberNotNullWhen(true, nameof(_redis))]
    public bool WantsRedis => _redis is not null;

    [MemberNotNullWhen(true, nameof(_redis))]
    public bool InRedis => WantsRedis && !Volatile.Read(ref _failing).IsCancellationRequested;

    /// <summary>Why Redis is not used although it is to be; null while it is.</summary>
    public string? Failure { get; private set; }

    private long Now => _time.GetUtcNow().ToUnixTimeMilliseconds();

    public async ValueTask<LimitVerdict> AdmitAsync(Charge[] charges, Lease lease)
    {
        var failing = Volatile.Read(ref _failing);
        if (!WantsRedis || failing.IsCancellationRequested)
        {
            return _memory.Admit(charges, lease.Id, Now);
        }

        var asked = _redis.AdmitAsync(charges, lease.Id);
        try
        {
            return await asked.WaitAsync(failing.Token);
        }
        catch (Exception exception) when (IsFailure(exception))
        {
            Fail(failing, exception);
            _ = UndoAsync(asked, charges, lease);
            return _memory.Admit(charges, lease.Id, Now);
        }
    }

    /// <summary>Ends when the correction is counted, or cannot be.</summary>
    /// <param name="corrections">All of the store that the call was admitted by.</param>
    /// <param name="lease">Of the call.</param>
    /// <param name="inRedis">That store.</param>
    public async ValueTask CorrectAsync(Correction[] corrections, Lease lease, bool inRedis)
    {
        // A place may have moved since; counts have not.
        Correction[] places = lease.Rules.Length == 0 ? [] : [.. corrections.Where(correction => correction.Rule.WindowMs == 0)];
        if (!inRedis || places.Length > 0)
        {
            _memory.Correct(inRedis ? places : corrections, lease.Id, Now);
        }

        var failing = Volatile.Read(ref _failing);
        var rest = inRedis ? corrections : places;
        if (!InRedis || rest.Length == 0)
        {
            return;
        }

        try
        {
            await _redis.CorrectAsync(rest, lease.Id).WaitAsync(failing.Token);
        }
        catch (Exception exception) when (IsFailure(exception))
        {
            Fail(failing, exception);
        }
    }

    /// <summary>Renews the lease until <see cref="End"/>.</summary>
    public void Keep(Lease lease)
    {
        lock (_leases)
        {
            _leases.Add(lease);
        }
    }

    /// <summary>To be called before its place is given back: it would come back by being renewed.</summary>
    public void End(Lease lease)
    {
        lock (_leases)
        {
            _leases.Remove(lease);
        }
    }

    /// <summary>Renews the places of running calls where they are counted now.</summary>
    public async Task RenewAsync()
    {
        var failing = Volatile.Read(ref _failing);
        Task renewing;
        lock (_leases)
        {
            if (_leases.Count == 0)
            {
                return;
            }

            if (!InRedis)
            {
                _memory.Renew(_leases, Now);
                return;
            }

            renewing = _redis.RenewAsync(_leases);
        }

        try
        {
            await renewing.WaitAsync(failing.Token);
        }
        catch (Exception exception) when (IsFailure(exception))
        {
            Fail(failing, exception);
        }
    }

    /// <summary>Asks Redis for what every call asks: scripts, and room for what they write.</summary>
    public async Task ProbeAsync(LimitRule rule) => await _redis!.AdmitAsync([new(rule, 1, 0)], "");

    /// <summary>Redis works again. The places of running calls are sent there before anything else is asked of it.</summary>
    public void Recover()
    {
        lock (_switching)
        {
            if (!WantsRedis || InRedis)
            {
                return;
            }

            lock (_leases)
            {
                _ = IgnoreAsync(_redis.RenewAsync(_leases));
                Failure = null;
                _switchedAt = _time.GetTimestamp();
                Volatile.Write(ref _failing, new());
            }

            _memory.Clear();
            LogOnce(() => Log.Recovered(_logger));
        }
    }

    public void Fail(string reason) => Fail(Volatile.Read(ref _failing), reason);

    /// <summary>Since Redis failed or recovered.</summary>
    public TimeSpan SinceSwitch => _time.GetElapsedTime(_switchedAt);

    /// <summary>Memory of keys that nobody uses any more is given back.</summary>
    public void Sweep() => _memory.Sweep(Now);

    private void Fail(CancellationTokenSource failing, Exception exception)
    {
        // Whoever was let go has nothing new to say.
        if (exception is not OperationCanceledException)
        {
            Fail(failing, Reason(exception));
        }
    }

    private void Fail(CancellationTokenSource failing, string reason)
    {
        lock (_switching)
        {
            if (failing.IsCancellationRequested || !ReferenceEquals(failing, _failing))
            {
                return;
            }

            Failure = reason;
            _switchedAt = _time.GetTimestamp();
            failing.Cancel();
            lock (_leases)
            {
                _memory.Renew(_leases, Now);
            }

            _metrics.LimiterFailed();
            LogOnce(() => Log.Failed(_logger, reason));
        }
    }

    // At most one line a second, however often Redis comes and goes.
    private void LogOnce(Action log)
    {
        if (_loggedAt is not { } last || _time.GetElapsedTime(last) >= TimeSpan.FromSeconds(1))
        {
            _loggedAt = _time.GetTimestamp();
            log();
        }
    }

    private async Task UndoAsync(Task<LimitVerdict> asked, Charge[] charges, Lease lease)
    {
        try
        {
            var verdict = await asked;
            if (verdict.IsAdmitted)
            {
                await _redis!.CorrectAsync([.. verdict.States.Select((state, index) => new Correction(charges[index].Rule, state.Slot, -state.Taken))], lease.Id);
            }
        }
        catch (Exception exception) when (IsFailure(exception))
        {
            Log.NotUndone(_logger, exception.GetType().Name);
        }
    }

    // If it fails, the watch finds out, and renews them again.
    private static async Task IgnoreAsync(Task task) => await task.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);

    // What the client library says of a connection has keys and addresses in it.
    internal static string Reason(Exception exception) => exception switch
    {
        RedisServerException => exception.Message.Length > MaxReason ? exception.Message[..MaxReason] : exception.Message,
        RedisConnectionException => "there is no connection",
        _ => exception.GetType().Name,
    };

    /// <summary>What the client library throws of a Redis that fails, whatever was asked of it.</summary>
    /// <remarks>It cancels what waits for a connection that it gives up, and is disposed of while it is being closed.</remarks>
    internal static bool IsFailure(Exception exception) =>
        exception is RedisException or RedisCommandException or TimeoutException or OperationCanceledException or ObjectDisposedException
            or InvalidOperationException or InvalidCastException;

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Warning, "Limits are counted in memory, by each gateway for itself, because Redis fails: {Reason}")]
        public static partial void Failed(ILogger logger, string reason);

        [LoggerMessage(2, LogLevel.Information, "Limits are counted in Redis again.")]
        public static partial void Recovered(ILogger logger);

        [LoggerMessage(3, LogLevel.Debug, "What Redis counted too late was not taken back: {Exception}.")]
        public static partial void NotUndone(ILogger logger, string exception);
    }
}
