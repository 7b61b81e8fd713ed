using LlmGateway.ServiceDefaults.Metrics;

namespace LlmGateway.Routing;

/// <summary>
/// All metrics of Routing. Those that begin with gen_ai have names, units and buckets of OpenTelemetry's conventions for generative AI
/// (github.com/open-telemetry/semantic-conventions-genai, docs/gen-ai/gen-ai-metrics.md), and are of one attempt each.
/// </summary>
internal static class RoutingMetricTable
{
    private const string Provider = "gen_ai.provider.name";
    private const string Model = "gen_ai.request.model";
    private const string Operation = "gen_ai.operation.name";
    private const string Failing = "the first failure";

    private static readonly double[] Doubling = [0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64, 1.28, 2.56, 5.12, 10.24, 20.48, 40.96, 81.92];
    private static readonly double[] Fourfold = [1, 4, 16, 64, 256, 1024, 4096, 16384, 65536, 262144, 1048576, 4194304, 16777216, 67108864];
    private static readonly double[] Steps = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2];

    public static readonly MetricTable Table = new(RoutingMetrics.MeterName);

    public static readonly MetricRow OperationDuration = Table.Add(new(
        "gen_ai.client.operation.duration", MetricKind.Histogram, "s", "A provider call, from its request to its last byte; error.type where it failed.",
        Operation, Provider, Model, "error.type")
    { Buckets = Doubling });

    public static readonly MetricRow TokenUsage = Table.Add(new(
        "gen_ai.client.token.usage", MetricKind.Histogram, "{token}", "Tokens of a provider call that is charged.",
        Operation, Provider, Model, new MetricLabel("gen_ai.token.type", "input", "output"))
    { Buckets = Fourfold });

    public static readonly MetricRow FirstChunk = Table.Add(new(
        "gen_ai.client.operation.time_to_first_chunk", MetricKind.Histogram, "s", "Of a streamed provider call, from its request to its first content.",
        Operation, Provider, Model)
    { Buckets = Doubling });

    public static readonly MetricRow OutputChunk = Table.Add(new(
        "gen_ai.client.operation.time_per_output_chunk", MetricKind.Histogram, "s", "Between two chunks of a streamed provider call.", Operation, Provider, Model)
    { Buckets = Doubling });

    public static readonly MetricRow Attempts = Table.Add(new(
        "llmgateway.attempts", MetricKind.Counter, "{attempt}", "Provider calls, by what became of them, and for failed ones why.",
        Provider, Model, new MetricLabel("outcome", "ok", "failed", "hedged", "client_left"), "reason"));

    public static readonly MetricRow Fallbacks = Table.Add(new(
        "llmgateway.fallbacks", MetricKind.Counter, "{call}", "Calls that another than the first choice answered: another deployment of their model, or another model.",
        new MetricLabel("model"), new MetricLabel("to", "deployment", "model"))
    { AppearsWith = Failing });

    public static readonly MetricRow DeploymentState = Table.Add(new(
        "llmgateway.deployment.state", MetricKind.Gauge, "{deployment}", "1 for the state that a deployment's breaker is in, 0 for the others.",
        "deployment", new MetricLabel("state", "closed", "open", "half_open")));

    public static readonly MetricRow Cooldowns = Table.Add(new(
        "llmgateway.cooldowns", MetricKind.Counter, "{cooldown}", "Times that a deployment or a key was left alone, by reason.", "reason")
    { AppearsWith = Failing });

    public static readonly MetricRow HoldDuration = Table.Add(new(
        "llmgateway.hold.duration", MetricKind.Histogram, "s", "What it took to get a call's hold from Billing, or its refusal.")
    { Buckets = Steps });

    public static readonly MetricRow HoldsRefused = Table.Add(new(
        "llmgateway.holds.refused", MetricKind.Counter, "{call}", "Calls that got no hold, by reason.", "reason")
    { AppearsWith = "the first refusal" });

    public static readonly MetricRow Tokens = Table.Add(new(
        "llmgateway.tokens", MetricKind.Counter, "{token}", "Tokens settled, by kind, and whether they were estimated.",
        Provider, Model, new MetricLabel("gen_ai.token.type", "input", "output"), "estimated"));

    public static readonly MetricRow Estimated = Table.Add(new(
        "llmgateway.usage.estimated", MetricKind.Counter, "{call}", "Calls whose usage no provider told, and that are charged by estimate.", Provider, Model)
    { AppearsWith = "the first estimate" });

    public static readonly MetricRow Rescued = Table.Add(new(
        "llmgateway.streams.rescued", MetricKind.Counter, "{stream}",
        "Streams that broke off and that another answer went on with, by the deployment that broke off.", Provider, Model)
    { AppearsWith = "the first rescue" });

    public static readonly MetricRow SettlementsDeferred = Table.Add(new(
        "llmgateway.settlements.deferred", MetricKind.Counter, "{settlement}", "Settlements that went through the outbox."));

    public static readonly MetricRow SettlementsRefused = Table.Add(new(
        "llmgateway.settlements.refused", MetricKind.Counter, "{settlement}", "Settlements that Billing will never take: calls that were not charged.", "reason")
    { AppearsWith = Failing });
}
