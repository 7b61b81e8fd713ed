using System.Runtime.CompilerServices;
using LlmGateway.Gateway.Authentication;
using Microsoft.Extensions.Options;

namespace LlmGateway.Gateway.Limits;

/// <summary>The limits that hold for one caller.</summary>
/// <param name="Calls">Of calls to models.</param>
/// <param name="Reads">Of everything else.</param>
internal sealed record LimitPlan(LimitRule[] Calls, LimitRule[] Reads)
{
    public bool HasTokens { get; } = Calls.Any(rule => rule.Unit == RateUnit.Tokens);

    /// <summary>Those in which a running call has a place.</summary>
    public LimitRule[] Leased { get; } = [.. Calls.Where(rule => rule.Unit == RateUnit.Parallel)];
}

/// <summary>Each limit is the key's own, else its tariff's, else the configured default.</summary>
internal sealed class LimitPlans(IOptions<LimitOptions> options)
{
    /// <summary>Looking at one's account is cheap, and dashboards do it often.</summary>
    public const int ReadsFactor = 10;

    private const long Minute = 60_000;
    private const long Hour = 3_600_000;

    private readonly LimitOptions _options = options.Value;

    // A caller is one object a key, for as long as nothing about the key changes.
    private readonly ConditionalWeakTable<Caller, LimitPlan> _plans = [];

    public LimitPlan Of(Caller caller) => _plans.GetValue(caller, Make);

    private LimitPlan Make(Caller caller)
    {
        var limits = caller.Limits;
        var requests = RequestsOf(limits).ToList();
        List<LimitRule> calls = [.. requests.Select(each => Rule(LimitScope.Key, RateUnit.Requests, each.Limit, each.WindowMs, caller))];
        Add(LimitScope.Key, RateUnit.Tokens, limits.TokensPerMinute ?? _options.TokensPerMinute, Minute);
        Add(LimitScope.Key, RateUnit.Parallel, limits.Parallel ?? _options.Parallel, 0);
        Add(LimitScope.Account, RateUnit.Requests, _options.AccountRequestsPerMinute, Minute);
        Add(LimitScope.Account, RateUnit.Tokens, _options.AccountTokensPerMinute, Minute);
        Add(LimitScope.Account, RateUnit.Parallel, _options.AccountParallel, 0);
        Add(LimitScope.Global, RateUnit.Requests, _options.GlobalRequestsPerMinute, Minute);
        Add(LimitScope.Global, RateUnit.Tokens, _options.GlobalTokensPerMinute, Minute);
        Add(LimitScope.Global, RateUnit.Parallel, _options.GlobalParallel, 0);
        return new([.. calls], [.. requests.Select(each => Rule(LimitScope.Key, RateUnit.Reads, each.Limit * ReadsFactor, each.WindowMs, caller))]);

        void Add(LimitScope scope, RateUnit unit, long? limit, long windowMs)
        {
            if (limit is { } known)
            {
                calls.Add(Rule(scope, unit, known, windowMs, caller));
            }
        }
    }

    private IEnumerable<(long Limit, long WindowMs)> RequestsOf(KeyLimits limits)
    {
        if (_options is { Requests: { } requests, WindowSeconds: { } seconds })
        {
            if ((limits.RequestsPerMinute ?? limits.RequestsPerHour) is null)
            {
                yield return (requests, seconds * 1000L);
            }
        }
        else
        {
            limits = limits with
            {
                RequestsPerMinute = limits.RequestsPerMinute ?? _options.RequestsPerMinute ?? LimitOptions.DefaultRequestsPerMinute,
                RequestsPerHour = limits.RequestsPerHour ?? _options.RequestsPerHour ?? LimitOptions.DefaultRequestsPerHour,
            };
        }

        if (limits.RequestsPerMinute is { } perMinute)
        {
            yield return (perMinute, Minute);
        }

        if (limits.RequestsPerHour is { } perHour)
        {
            yield return (perHour, Hour);
        }
    }

    // In braces is what a Redis cluster places keys by: all keys of a script must be in one place.
    private static LimitRule Rule(LimitScope scope, RateUnit unit, long limit, long windowMs, Caller caller)
    {
        var of = scope switch
        {
            LimitScope.Key => $"key:{caller.KeyId}",
            LimitScope.Account => $"account:{caller.AccountId}",
            _ => "global",
        };
        return new(scope, unit, limit, windowMs, $"llmgw:{{limits}}:{unit}:{windowMs}:{of}");
    }
}
