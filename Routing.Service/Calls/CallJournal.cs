using Google.Protobuf.WellKnownTypes;
using LlmGateway.Protos.Billing.V1;
using LlmGateway.Routing.Catalog;
using LlmGateway.Routing.Streaming;

namespace LlmGateway.Routing.Calls;

/// <summary>What happened in one call: where it could go, its attempts and its times, for the settlement and the metrics.</summary>
/// <param name="call">The call.</param>
/// <param name="reachable">Where it may come to, in order.</param>
/// <param name="disabled">Deployments that it would have had besides.</param>
/// <param name="time">For its times.</param>
internal sealed class CallJournal(Call call, IReadOnlyList<Deployment> reachable, IEnumerable<Deployment> disabled, TimeProvider time)
{
    // A record of a call is no catalogue.
    private const int MostConsidered = 32;

    private readonly Dictionary<string, string> _ruledOut = [];
    private readonly List<Protos.Billing.V1.Attempt> _attempts = [];
    private TimeSpan _firstToken;
    private TimeSpan _failing;

    public IReadOnlyList<Protos.Billing.V1.Attempt> Attempts => _attempts;

    public TimeSpan TimeToFirstToken => _firstToken;

    /// <summary>Until the first content: in the attempt that has it, and in those before it.</summary>
    public TimeSpan ProviderTime { get; private set; }

    private TimeSpan Elapsed => time.GetElapsedTime(call.StartedTimestamp);

    /// <summary>Some attempt that did not answer the client is billed by its provider.</summary>
    public bool HasWaste => _attempts.Exists(attempt => attempt.Usage is not null);

    /// <summary>Another deployment was tried before, or it is another model than was asked for.</summary>
    public bool HasFallenBack(string model, Deployment answered) =>
        answered.ModelName != model || _attempts.Exists(attempt => !attempt.Hedged && attempt.Candidate.Deployment != answered.Id);

    /// <param name="at">Where it stands among the attempts.</param>
    /// <param name="wasted">What the provider bills for an attempt that did not answer the client; null for nothing.</param>
    /// <param name="deployment">Who was called.</param>
    /// <param name="outcome">"ok", or the name of the failure.</param>
    /// <param name="status">HTTP; 0 without an answer.</param>
    /// <param name="duration">From the request on.</param>
    /// <param name="hedged">Given up because another attempt was faster.</param>
    public void Attempted(
        int at, Deployment deployment, string outcome, int status, TimeSpan duration, TokenUsage? wasted, bool hedged)
    {
        // One that was given up ran beside another.
        _failing += hedged ? TimeSpan.Zero : duration;
        _attempts.Insert(at, new()
        {
            Candidate = deployment.ToCandidate(),
            Outcome = outcome,
            Status = status,
            DurationMs = Milliseconds(duration),
            Usage = wasted?.ToMessage(),
            Hedged = hedged,
        });
    }

    /// <summary>A deployment was passed over; should it have its turn again, that counts.</summary>
    public void RuledOut(Deployment deployment, string reason) => _ruledOut[deployment.Id] = reason;

    /// <summary>Where the call could have gone, and why it was not asked there.</summary>
    public IEnumerable<Considered> Considered() => reachable
        .Select(deployment => new Considered
        {
            Deployment = deployment.Id,
            RuledOut = WasAsked(deployment) ? "" : _ruledOut.GetValueOrDefault(deployment.Id, ""),
        })
        .Concat(disabled.Select(deployment => new Considered { Deployment = deployment.Id, RuledOut = "disabled" }))
        .Take(MostConsidered);

    public void FirstToken(TimeSpan ofAttempt) => (_firstToken, ProviderTime) = (Elapsed, _failing + ofAttempt);

    public Timings Timings() => new()
    {
        StartedAt = Timestamp.FromDateTimeOffset(call.StartedAt),
        TimeToFirstTokenMs = Milliseconds(_firstToken),
        TotalMs = Milliseconds(Elapsed),
    };

    private bool WasAsked(Deployment deployment) => _attempts.Exists(attempt => attempt.Candidate.Deployment == deployment.Id);

    private static int Milliseconds(TimeSpan span) => (int)Math.Clamp(span.TotalMilliseconds, 0, 86_400_000);
}
