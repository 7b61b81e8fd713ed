using LlmGateway.ServiceDefaults.Metrics;

namespace LlmGateway.Gateway;

/// <summary>All metrics of the gateway. The first five have the names that dashboards of such gateways ask for.</summary>
internal static class GatewayMetricTable
{
    private const string WhenAsked = "the first call that asks Keys.Service";
    private static readonly double[] CallBuckets = [0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 600];
    private static readonly double[] StepBuckets = [0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10];

    public static readonly MetricTable Table = new(GatewayMetrics.MeterName);

    public static readonly MetricRow Requests = Table.Add(new(
        "llm.requests", MetricKind.Counter, "{request}",
        "Calls of models that passed the checks of key, body and limits, by outcome: ok, refused (the client's fault), or the error's code.",
        "model", "provider", "stream", "outcome"));

    public static readonly MetricRow RequestDuration = Table.Add(new(
        "llm.requests.duration", MetricKind.Histogram, "s", "Of those, from the request's arrival to the last byte of its answer.", "model", "stream")
    { Buckets = CallBuckets });

    public static readonly MetricRow RequestErrors = Table.Add(new(
        "llm.requests.errors", MetricKind.Counter, "{request}", "Of those, the ones that ended in an error.", "model", "error")
    { AppearsWith = "the first error" });

    public static readonly MetricRow Balance = Table.Add(new(
        "user.balance", MetricKind.Gauge, "{USD}", "What accounts have in USD, those of Metrics:BalanceAccounts and no others.", "account")
    { AppearsWith = "`Metrics__BalanceAccounts`" });

    public static readonly MetricRow RateLimited = Table.Add(new(
        "rate_limit.requests", MetricKind.Counter, "{request}", "Requests that were counted against limits, by result, and by the limit that refused.",
        new MetricLabel("result", "allowed", "refused"), "limit")
    { AppearsWith = "the first request that is counted" });

    public static readonly MetricRow LimiterMode = Table.Add(new(
        "llmgateway.limiter.mode", MetricKind.Gauge, "{mode}", "Where requests are counted now: 1 for redis or memory, 0 for the other.",
        new MetricLabel("mode", "redis", "memory"))
    { AppearsWith = "limits" });

    public static readonly MetricRow LimiterFailures = Table.Add(new(
        "llmgateway.limiter.failures", MetricKind.Counter, "{failure}", "Times that counting went over from Redis to memory.")
    { AppearsWith = "the first failure of Redis" });

    public static readonly MetricRow AddressRefusals = Table.Add(new(
        "llmgateway.gateway.addresses.refused", MetricKind.Counter, "{request}",
        "Requests refused for their client address, before anybody was asked about their key.",
        new MetricLabel("reason", "refused_keys", "requests"))
    { AppearsWith = "the first of them" });

    public static readonly MetricRow CacheRequests = Table.Add(new(
        "llmgateway.cache.requests", MetricKind.Counter, "{request}", "Requests that were looked for in a cache, by result.",
        "cache", new MetricLabel("result", "hit", "miss"))
    { AppearsWith = "the first request that may be answered from a cache" });

    public static readonly MetricRow CacheFaults = Table.Add(new(
        "llmgateway.cache.faults", MetricKind.Counter, "{question}", "Questions of the response cache that Redis failed or did not answer in time."));

    public static readonly MetricRow UnrecordedHits = Table.Add(new(
        "llmgateway.cache.unrecorded", MetricKind.Counter, "{hit}", "Hits of the response cache that Billing was never told of, or did not take."));

    public static readonly MetricRow Added = Table.Add(new(
        "llmgateway.gateway.added.duration", MetricKind.Histogram, "s",
        "What a call's way through all our services added to its providers' time, until the first content; of plain answers until the whole.", "stream")
    { Buckets = StepBuckets });

    public static readonly MetricRow Governed = Table.Add(new(
        "llmgateway.gateway.governed.duration", MetricKind.Histogram, "s", "What it took to let a request in, by step: who it is, and its limits.",
        new MetricLabel("step", "auth", "limits"))
    { Buckets = StepBuckets });

    public static readonly MetricRow ChangeAge = Table.Add(new(
        "llmgateway.gateway.keys.change.age", MetricKind.Histogram, "s", "How old a revocation, or another change of a key, an account or a tariff, was when it took effect here.")
    { Buckets = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 60, 300], AppearsWith = "the first change" });

    public static readonly MetricRow ChangeSilence = Table.Add(new(
        "llmgateway.gateway.keys.changes.silence", MetricKind.Gauge, "s", "Since the stream of changes last said that it was complete."));

    public static readonly MetricRow Remembered = Table.Add(new(
        "llmgateway.gateway.keys.remembered", MetricKind.Gauge, "{secret}", "Secrets in memory.", new MetricLabel("verdict", "known", "refused")));

    public static readonly MetricRow Judged = Table.Add(new(
        "llmgateway.gateway.keys.judged", MetricKind.Counter, "{secret}", "Secrets that Keys.Service was asked about, by verdict.",
        new MetricLabel("verdict", "known", "refused", "unknowable"))
    { AppearsWith = WhenAsked });

    public static readonly MetricRow UsesForgotten = Table.Add(new(
        "llmgateway.gateway.keys.uses.forgotten", MetricKind.Counter, "{key}",
        "Last uses that were not reported, because too many others wait for Keys.Service."));
}
