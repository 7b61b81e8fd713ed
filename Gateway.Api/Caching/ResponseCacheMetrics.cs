using System.Diagnostics.Metrics;

namespace LlmGateway.Gateway.Caching;

internal sealed class ResponseCacheMetrics : IDisposable
{
    private readonly Meter _meter;
    private readonly Counter<long> _lookups;
    private readonly Counter<long> _kept;
    private readonly Counter<long> _faults;
    private readonly Counter<long> _unrecorded;

    public ResponseCacheMetrics(IMeterFactory meters)
    {
        _meter = meters.Create(GatewayMetrics.MeterName);
        _lookups = _meter.CreateCounter<long>(
            "llmgateway.gateway.cache.lookups", "{call}", "Calls that asked the response cache, by outcome: memory, redis, miss, refused.");
        _kept = _meter.CreateCounter<long>("llmgateway.gateway.cache.kept", "{answer}", "Answers that the response cache has kept.");
        _faults = _meter.CreateCounter<long>("llmgateway.gateway.cache.faults", "{question}", "Questions of the response cache that Redis failed or did not answer in time.");
        _unrecorded = _meter.CreateCounter<long>("llmgateway.gateway.cache.unrecorded", "{call}", "Hits that Billing was never told of.");
    }

    public void LookedUp(string outcome) => _lookups.Add(1, new KeyValuePair<string, object?>("outcome", outcome));

    public void Kept() => _kept.Add(1);

    public void RedisFailed() => _faults.Add(1);

    public void Unrecorded(int hits) => _unrecorded.Add(hits);

    public void Dispose() => _meter.Dispose();
}
