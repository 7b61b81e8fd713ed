using LlmGateway.Protos.Routing.V1;
using LlmGateway.Routing.Calls;
using LlmGateway.Routing.Catalog;

namespace LlmGateway.Routing.Health;

internal enum BreakerState
{
    /// <summary>Calls go there.</summary>
    Closed,

    /// <summary>It is left alone.</summary>
    Open,

    /// <summary>One call at a time tries it.</summary>
    HalfOpen,
}

/// <param name="Cooldown">What keeps calls away; of no meaning in state closed.</param>
/// <param name="Note">The administrator's words, where he keeps them away.</param>
/// <param name="Failures">Among the calls of the window.</param>
/// <param name="InFlight">Calls that run now.</param>
/// <param name="Share">Of its weight, while it grows back.</param>
internal sealed record HealthReport(BreakerState State, Cooldown Cooldown, string Note, int Failures, int InFlight, double Share);

/// <summary>
/// What this process knows of one deployment: its breaker, its cooldowns, its calls that run.
/// </summary>
/// <remarks>
/// Written by hand: Polly's breaker opens by a ratio within a time, for a duration that it sets itself. Here providers say until when
/// (Retry-After), the later of two times wins, the times belong to keys as well as to deployments, and an administrator sees and changes them.
/// </remarks>
internal sealed class DeploymentHealth(string id, HealthBoard board, BreakerOptions options, int threshold)
{
    private const double LeastShare = 0.1;

    private readonly Lock _lock = new();
    private readonly OutcomeWindow _outcomes = new(threshold);

    // A rate limit is one of a key at this deployment's model; with a single key it is the deployment's.
    private readonly Dictionary<ProviderKey, Cooldown> _keys = [];
    private TimeSpan _since = board.Now;
    private Cooldown _cooldown;
    private string _note = "";
    private bool _mustProve;
    private bool _probing;
    private int _inFlight;
    private int _turn;

    public int InFlight => Volatile.Read(ref _inFlight);

    /// <summary>Of streams: from the request to the first content.</summary>
    public DecayedHistogram FirstTokens { get; } = new();

    /// <summary>
    /// The part of its weight that it gets: it grows from a tenth to all of it after a cooldown, and when it is new, so that calls do not
    /// jump onto it. Deployments that are new together start alike, and so share as their weights say.
    /// </summary>
    public double Share
    {
        get
        {
            lock (_lock)
            {
                return ShareAt(board.Now);
            }
        }
    }

    /// <summary>Asks for leave to make a call.</summary>
    /// <param name="deployment">This one.</param>
    /// <param name="cooldown">Why there is none.</param>
    /// <returns>To be disposed when the call is over; null when the deployment is left alone.</returns>
    public Visit? TryEnter(Deployment deployment, out Cooldown cooldown)
    {
        lock (_lock)
        {
            var now = board.Now;
            if (Keeps(now, out cooldown) || (PickKey(deployment, now, out cooldown) is var key && cooldown.Reason != CooldownReason.None))
            {
                return null;
            }

            _probing |= _mustProve;
            _inFlight++;
            return new Visit(this, key is null || key.Equals(deployment.Key) ? deployment : deployment with { Key = key }, isProbe: _mustProve);
        }
    }

    /// <summary>Whether <see cref="TryEnter"/> would be given leave now, and why not.</summary>
    public Cooldown Look(Deployment deployment)
    {
        lock (_lock)
        {
            var now = board.Now;
            return Keeps(now, out var cooldown) ? cooldown : KeysCooldown(deployment, now);
        }
    }

    public HealthReport Report(Deployment deployment)
    {
        var cooldown = Look(deployment);
        lock (_lock)
        {
            var now = board.Now;
            var state = cooldown.Until > now ? BreakerState.Open : _mustProve ? BreakerState.HalfOpen : BreakerState.Closed;
            return new HealthReport(
                state, cooldown, cooldown.Reason == CooldownReason.Operator ? _note : "", _outcomes.Failures, _inFlight, ShareAt(now));
        }
    }

    /// <summary>By an administrator.</summary>
    public void Cool(TimeSpan time, string note)
    {
        lock (_lock)
        {
            _note = note;
            Cool(time, CooldownReason.Operator);
        }
    }

    /// <summary>By an administrator: as if nothing had happened.</summary>
    public void Clear()
    {
        lock (_lock)
        {
            (_cooldown, _note, _mustProve, _probing) = (default, "", false, false);
            _keys.Clear();
            _outcomes.Clear();
        }
    }

    /// <summary>The provider answered, if only to refuse the request for a fault of its own.</summary>
    internal void Answered(bool asProbe)
    {
        lock (_lock)
        {
            _outcomes.Add(failed: false);
            if (asProbe && _mustProve)
            {
                (_mustProve, _probing, _since) = (false, false, board.Now);
                _outcomes.Clear();
            }
        }
    }

    internal void Failed(Deployment deployment, CallFault fault)
    {
        switch (fault.Failure)
        {
            case CallFailure.ProviderRateLimited:
                CoolKey(deployment, fault.RetryAfter > TimeSpan.Zero ? fault.RetryAfter : TimeSpan.FromSeconds(options.RateLimitedSeconds));
                break;
            case CallFailure.NoAvailableProvider:
                CoolAccount(deployment, options.CreditSpentSeconds, CooldownReason.CreditSpent);
                break;
            // 403: the key is good, and may not do this.
            case CallFailure.ProviderAuth when fault.Status != 403:
                CoolAccount(deployment, options.RefusedKeySeconds, CooldownReason.KeyRefused);
                break;
            default:
                Fail(deployment, fault.RetryAfter);
                break;
        }
    }

    internal void Leave(bool asProbe)
    {
        lock (_lock)
        {
            _inFlight--;
            _probing &= !asProbe;
        }
    }

    private double ShareAt(TimeSpan now)
    {
        var grown = options.SlowStartSeconds > 0 ? (now - (_cooldown.Until > _since ? _cooldown.Until : _since)).TotalSeconds / options.SlowStartSeconds : 1;
        return _mustProve ? LeastShare : LeastShare + ((1 - LeastShare) * Math.Clamp(grown, 0, 1));
    }

    private bool Keeps(TimeSpan now, out Cooldown cooldown)
    {
        cooldown = _cooldown.Until > now ? _cooldown : _mustProve && _probing ? new Cooldown(TimeSpan.Zero, CooldownReason.Probing) : default;
        return cooldown.Reason != CooldownReason.None;
    }

    /// <summary>The next key in turn that is not left alone.</summary>
    private ProviderKey? PickKey(Deployment deployment, TimeSpan now, out Cooldown cooldown)
    {
        cooldown = default;
        for (var tried = 0; tried < deployment.Keys.Count; tried++)
        {
            var key = deployment.Keys[(_turn + tried) % deployment.Keys.Count];
            if (KeyCooldown(deployment, key).Until <= now)
            {
                _turn = (_turn + tried + 1) % deployment.Keys.Count;
                return key;
            }
        }

        cooldown = KeysCooldown(deployment, now);
        return null;
    }

    /// <summary>That of the key which is free first, when none is free.</summary>
    private Cooldown KeysCooldown(Deployment deployment, TimeSpan now)
    {
        if (deployment.Keys.Count == 0)
        {
            return default;
        }

        var soonest = KeyCooldown(deployment, deployment.Keys.MinBy(key => KeyCooldown(deployment, key).Until)!);
        return soonest.Until > now ? soonest : default;
    }

    private Cooldown KeyCooldown(Deployment deployment, ProviderKey key) => board.Of(deployment.BaseAddress, key).Or(_keys.GetValueOrDefault(key));

    private void CoolKey(Deployment deployment, TimeSpan time)
    {
        lock (_lock)
        {
            if (deployment is { Keys.Count: > 1, Key: { } key })
            {
                _keys[key] = _keys.GetValueOrDefault(key).Or(new Cooldown(board.Now + time, CooldownReason.RateLimited));
            }
            else
            {
                Cool(time, CooldownReason.RateLimited);
            }
        }
    }

    private void CoolAccount(Deployment deployment, double seconds, CooldownReason reason)
    {
        var time = TimeSpan.FromSeconds(seconds);
        if (deployment is { Keys.Count: > 0, Key: { } key })
        {
            board.Cool(deployment, key, new Cooldown(board.Now + time, reason));
            return;
        }

        lock (_lock)
        {
            Cool(time, reason);
        }
    }

    private void Fail(Deployment deployment, TimeSpan retryAfter)
    {
        lock (_lock)
        {
            _outcomes.Add(failed: true);
            if (options.Enabled && (_mustProve || _outcomes.IsTripped))
            {
                _mustProve = true;
                Cool(deployment.Cooldown ?? TimeSpan.FromSeconds(options.RecoverySeconds), CooldownReason.Failing);
            }

            if (retryAfter > TimeSpan.Zero)
            {
                Cool(retryAfter, CooldownReason.Failing);
            }
        }
    }

    private void Cool(TimeSpan time, CooldownReason reason)
    {
        var now = board.Now;
        var wasCooling = _cooldown.Until > now;
        _cooldown = _cooldown.Or(new Cooldown(now + time, reason));
        if (!wasCooling && _cooldown.Until > now)
        {
            board.Cooled(id, _cooldown);
        }
    }
}
