using System.Diagnostics;
using System.Diagnostics.Metrics;
using LlmGateway.Routing.Catalog;
using LlmGateway.Routing.Streaming;
using LlmGateway.ServiceDefaults.Metrics;

namespace LlmGateway.Routing;

/// <summary>What this service counts. Labels are deployments and closed sets: no key, no account.</summary>
internal sealed class RoutingMetrics
{
    public const string MeterName = "LlmGateway.Routing";

    private readonly Meter _meter;
    private readonly Histogram<double> _operations;
    private readonly Histogram<long> _usage;
    private readonly Histogram<double> _firstChunks;
    private readonly Histogram<double> _outputChunks;
    private readonly Histogram<double> _holds;
    private readonly Counter<long> _attempts;
    private readonly Counter<long> _fallbacks;
    private readonly Counter<long> _tokens;
    private readonly Counter<long> _estimated;
    private readonly Counter<long> _refused;
    private readonly Counter<long> _rescued;
    private readonly Counter<long> _deferred;
    private readonly Counter<long> _settlementsRefused;
    private readonly Counter<long> _cooldowns;

    public RoutingMetrics(IMeterFactory meters)
    {
        _meter = meters.Create(MeterName);
        _operations = _meter.Histogram(RoutingMetricTable.OperationDuration);
        _usage = _meter.LongHistogram(RoutingMetricTable.TokenUsage);
        _firstChunks = _meter.Histogram(RoutingMetricTable.FirstChunk);
        _outputChunks = _meter.Histogram(RoutingMetricTable.OutputChunk);
        _holds = _meter.Histogram(RoutingMetricTable.HoldDuration);
        _attempts = _meter.Counter(RoutingMetricTable.Attempts);
        _fallbacks = _meter.Counter(RoutingMetricTable.Fallbacks);
        _tokens = _meter.Counter(RoutingMetricTable.Tokens);
        _estimated = _meter.Counter(RoutingMetricTable.Estimated);
        _refused = _meter.Counter(RoutingMetricTable.HoldsRefused);
        _rescued = _meter.Counter(RoutingMetricTable.Rescued);
        _deferred = _meter.Counter(RoutingMetricTable.SettlementsDeferred);
        _settlementsRefused = _meter.Counter(RoutingMetricTable.SettlementsRefused);
        _cooldowns = _meter.Counter(RoutingMetricTable.Cooldowns);
    }

    /// <param name="operation">As <see cref="GenAi.OperationOf"/> names it.</param>
    /// <param name="outcome">ok, failed, hedged or client_left.</param>
    /// <param name="reason">The failure's name; null without one.</param>
    public void Attempted(Deployment deployment, string operation, string outcome, string? reason, TimeSpan duration)
    {
        var tags = Of(deployment);
        tags.Add("outcome", outcome);
        tags.Add("reason", reason ?? "");
        _attempts.Add(1, tags);

        var timed = Of(deployment, operation);
        if (reason is not null)
        {
            timed.Add("error.type", reason);
        }

        _operations.Record(duration.TotalSeconds, timed);
    }

    public void FirstChunk(Deployment deployment, string operation, TimeSpan after) => _firstChunks.Record(after.TotalSeconds, Of(deployment, operation));

    public void OutputChunk(Deployment deployment, string operation, TimeSpan after) => _outputChunks.Record(after.TotalSeconds, Of(deployment, operation));

    public void Produced(Deployment deployment, string operation, TokenUsage usage)
    {
        Add("input", usage.Prompt);
        Add("output", usage.Output);
        if (usage.Estimated)
        {
            _estimated.Add(1, Of(deployment));
        }

        void Add(string kind, long count)
        {
            var tags = Of(deployment);
            tags.Add("gen_ai.token.type", kind);
            tags.Add("estimated", usage.Estimated);
            _tokens.Add(count, tags);

            var used = Of(deployment, operation);
            used.Add("gen_ai.token.type", kind);
            _usage.Record(count, used);
        }
    }

    /// <param name="model">What was asked for, by the catalogue's name.</param>
    /// <param name="answered">Who answered, though another was tried or ruled out before.</param>
    public void FellBack(string model, Deployment answered) => _fallbacks.Add(
        1, new("model", model), new("to", answered.ModelName == model ? "deployment" : "model"));

    public void Held(TimeSpan duration) => _holds.Record(duration.TotalSeconds);

    public void Refused(string reason) => _refused.Add(1, new KeyValuePair<string, object?>("reason", reason));

    public void Cooled(string reason) => _cooldowns.Add(1, new KeyValuePair<string, object?>("reason", reason));

    public void Rescued(Deployment broken) => _rescued.Add(1, Of(broken));

    public void SettlementDeferred() => _deferred.Add(1);

    public void SettlementRefused(string reason) => _settlementsRefused.Add(1, new KeyValuePair<string, object?>("reason", reason));

    /// <param name="states">Of each deployment; asked when somebody reads the metrics.</param>
    public void ObserveDeployments(Func<IEnumerable<Measurement<long>>> states) => _meter.Observe(RoutingMetricTable.DeploymentState, states);

    private static TagList Of(Deployment deployment, string? operation = null)
    {
        var tags = new TagList
        {
            { "gen_ai.provider.name", GenAi.ProviderOf(deployment) },
            { "gen_ai.request.model", deployment.UpstreamModel },
        };
        if (operation is not null)
        {
            tags.Add("gen_ai.operation.name", operation);
        }

        return tags;
    }
}
