using Google.Protobuf.WellKnownTypes;
using LlmGateway.Protos.Billing.V1;
using LlmGateway.Routing.Catalog;
using LlmGateway.Routing.Streaming;

namespace LlmGateway.Routing.Calls;

/// <summary>What happened in one call: its attempts and its times, for the settlement and the metrics.</summary>
internal sealed class CallJournal(Call call, TimeProvider time)
{
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

    public void FirstToken(TimeSpan ofAttempt) => (_firstToken, ProviderTime) = (Elapsed, _failing + ofAttempt);

    public Timings Timings() => new()
    {
        StartedAt = Timestamp.FromDateTimeOffset(call.StartedAt),
        TimeToFirstTokenMs = Milliseconds(_firstToken),
        TotalMs = Milliseconds(Elapsed),
    };

    private static int Milliseconds(TimeSpan span) => (int)Math.Clamp(span.TotalMilliseconds, 0, 86_400_000);
}
