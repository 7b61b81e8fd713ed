using System.Diagnostics;
using System.Diagnostics.Metrics;
using LlmGateway.Routing.Catalog;
using LlmGateway.Routing.Streaming;

namespace LlmGateway.Routing;

/// <summary>What this service counts. Labels are deployments and closed sets: no key, no account.</summary>
internal sealed class RoutingMetrics
{
    public const string MeterName = "LlmGateway.Routing";

    private readonly Histogram<double> _attempts;
    private readonly Histogram<double> _timeToFirstToken;
    private readonly Counter<long> _tokens;
    private readonly Counter<long> _refused;
    private readonly Counter<long> _rescued;
    private readonly Counter<long> _deferred;
    private readonly Counter<long> _settlementsRefused;
    private readonly Counter<long> _cooldowns;

    public RoutingMetrics(IMeterFactory meters)
    {
        var meter = meters.Create(MeterName);
        _attempts = meter.CreateHistogram("llmgateway.attempt.duration", unit: "s",
            description: "A provider call, from its request to its last byte, by outcome.",
            advice: new InstrumentAdvice<double> { HistogramBucketBoundaries = [0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 600] });
        _timeToFirstToken = meter.CreateHistogram("gen_ai.server.time_to_first_token", unit: "s",
            description: "From the call's arrival to its first content.",
            advice: new InstrumentAdvice<double> { HistogramBucketBoundaries = [0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10] });
        _tokens = meter.CreateCounter<long>("llmgateway.tokens", unit: "{token}",
            description: "Tokens settled, by kind, and whether they were estimated.");
        _refused = meter.CreateCounter<long>("llmgateway.holds.refused", unit: "{call}", description: "Calls that got no hold, by reason.");
        _rescued = meter.CreateCounter<long>("llmgateway.streams.rescued", unit: "{stream}",
            description: "Streams that broke off and that another answer went on with, by the deployment that broke off.");
        _deferred = meter.CreateCounter<long>("llmgateway.settlements.deferred", unit: "{settlement}",
            description: "Settlements that went through the outbox.");
        _settlementsRefused = meter.CreateCounter<long>("llmgateway.settlements.refused", unit: "{settlement}",
            description: "Settlements that Billing will never take: calls that were not charged.");
        _cooldowns = meter.CreateCounter<long>("llmgateway.cooldowns", unit: "{cooldown}",
            description: "Times that a deployment or a key was left alone, by reason.");
    }

    public void Attempted(Deployment deployment, string outcome, TimeSpan duration)
    {
        var tags = Of(deployment);
        tags.Add("outcome", outcome);
        _attempts.Record(duration.TotalSeconds, tags);
    }

    public void FirstToken(Deployment deployment, TimeSpan after) => _timeToFirstToken.Record(after.TotalSeconds, Of(deployment));

    public void Produced(Deployment deployment, TokenUsage usage)
    {
        Add("input", usage.Prompt);
        Add("output", usage.Output);

        void Add(string kind, long count)
        {
            var tags = Of(deployment);
            tags.Add("gen_ai.token.type", kind);
            tags.Add("estimated", usage.Estimated);
            _tokens.Add(count, tags);
        }
    }

    public void Refused(string reason) => _refused.Add(1, new KeyValuePair<string, object?>("reason", reason));

    public void Cooled(string reason) => _cooldowns.Add(1, new KeyValuePair<string, object?>("reason", reason));

    public void Rescued(Deployment broken) => _rescued.Add(1, Of(broken));

    public void SettlementDeferred() => _deferred.Add(1);

    public void SettlementRefused(string reason) => _settlementsRefused.Add(1, new KeyValuePair<string, object?>("reason", reason));

    private static TagList Of(Deployment deployment) => new()
    {
        { "gen_ai.provider.name", deployment.Provider },
        { "gen_ai.request.model", deployment.UpstreamModel },
    };
}
