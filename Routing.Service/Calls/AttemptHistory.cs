using LlmGateway.Protos.Routing.V1;
using LlmGateway.Routing.Catalog;
using LlmGateway.Routing.Health;

namespace LlmGateway.Routing.Calls;

/// <summary>How the attempts of one call failed, and which deployments were not asked.</summary>
/// <param name="journal">Of the call; null before it has one.</param>
internal sealed class AttemptHistory(CallJournal? journal = null)
{
    // openai-node 6 obeys any Retry-After, be it an hour.
    private static readonly TimeSpan LongestRetryAfter = TimeSpan.FromMinutes(1);

    private readonly List<(Deployment Deployment, CallFault Fault)> _faults = [];
    private readonly List<(Deployment Deployment, string Reason, TimeSpan Left)> _ruledOut = [];

    /// <summary>Nothing was asked, and nothing ruled out.</summary>
    public bool IsEmpty => _faults.Count + _ruledOut.Count == 0;

    /// <summary>Provider calls that were made.</summary>
    public int Attempts { get; private set; }

    public void Failed(Deployment deployment, CallFault fault)
    {
        Attempts += fault.IsUnsupported ? 0 : 1;
        _faults.Add((deployment, fault));
    }

    /// <param name="deployment">It is left alone.</param>
    /// <param name="cooldown">Why.</param>
    /// <param name="left">For how long.</param>
    public void RuledOut(Deployment deployment, Cooldown cooldown, TimeSpan left)
    {
        _ruledOut.Add((deployment, cooldown.Name, left));
        journal?.RuledOut(deployment, cooldown.Name);
    }

    /// <summary>Deployments whose last failure may pass, in the order in which they were tried.</summary>
    public IEnumerable<Deployment> Retryable() => _faults
        .GroupBy(fault => fault.Deployment.Id)
        .Where(faults => faults.Last().Fault.MayRetry && !(faults.Count() > faults.First().Deployment.Retries))
        .Select(faults => faults.First().Deployment);

    /// <summary>
    /// One fault for all: what a deployment said of the request itself; "rate limited" when every one said so, with the soonest time to come back; the
    /// field when none knows it; "no available provider" with all reasons when some were not asked or have no credit; else the last one.
    /// </summary>
    public CallFault Sum()
    {
        if (_faults.Count > 0 && !_faults[^1].Fault.MayFailOver)
        {
            return _faults[^1].Fault;
        }

        var called = _faults.Where(fault => !fault.Fault.IsUnsupported).ToList();
        if (called.Count == 0 && _faults.Count > 0)
        {
            return _ruledOut.Count == 0 ? _faults[^1].Fault : Unavailable();
        }

        var told = called.FindLast(fault => fault.Fault.Failure != CallFailure.ProviderRateLimited).Fault;
        if (told is not null)
        {
            return told.Failure == CallFailure.NoAvailableProvider ? Unavailable() : told;
        }

        return _ruledOut.Exists(ruled => ruled.Reason != RateLimited) ? Unavailable()
            : (called.Count > 0 ? called[^1].Fault : Limited(_ruledOut[^1].Deployment)) with { RetryAfter = SoonestRetry(called) };
    }

    private static CallFault Limited(Deployment deployment) =>
        new(CallFailure.ProviderRateLimited, $"{deployment.Provider} limits the rate of calls.");

    private static string RateLimited { get; } = new Cooldown(default, CooldownReason.RateLimited).Name;

    private TimeSpan SoonestRetry(List<(Deployment Deployment, CallFault Fault)> called)
    {
        var waits = called.Select(fault => fault.Fault.RetryAfter).Concat(_ruledOut.Select(ruled => ruled.Left)).Where(wait => wait > TimeSpan.Zero).ToList();
        return waits.Count > 0 ? waits.Min() : TimeSpan.Zero;
    }

    private CallFault Unavailable()
    {
        var reasons = _faults.GroupBy(fault => fault.Deployment.Id)
            .Select(faults => new RuledOut { Deployment = faults.Key, Reason = faults.Last().Fault is var fault && fault.IsUnsupported ? fault.Code : fault.Name })
            .Concat(_ruledOut.Select(ruled => new RuledOut { Deployment = ruled.Deployment.Id, Reason = ruled.Reason }))
            .DistinctBy(ruled => ruled.Deployment);
        var soonest = _ruledOut.Select(ruled => ruled.Left).Where(left => left > TimeSpan.Zero).DefaultIfEmpty(TimeSpan.MaxValue).Min();
        return new CallFault(CallFailure.NoAvailableProvider, "No provider can take this call at the moment.")
        {
            RuledOut = [.. reasons],
            RetryAfter = soonest <= LongestRetryAfter ? soonest : TimeSpan.Zero,
        };
    }
}
