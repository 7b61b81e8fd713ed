using System.Diagnostics.Metrics;
using LlmGateway.ServiceDefaults.Metrics;

namespace LlmGateway.Gateway.Caching;

internal sealed class ResponseCacheMetrics : IDisposable
{
    private readonly Meter _meter;
    private readonly Counter<long> _requests;
    private readonly Counter<long> _faults;
    private readonly Counter<long> _unrecorded;

    public ResponseCacheMetrics(IMeterFactory meters)
    {
        _meter = meters.Create(GatewayMetrics.MeterName);
        _requests = _meter.Counter(GatewayMetricTable.CacheRequests);
        _faults = _meter.Counter(GatewayMetricTable.CacheFaults);
        _unrecorded = _meter.Counter(GatewayMetricTable.UnrecordedHits);
    }

    public void LookedUp(bool hit) =>
        _requests.Add(1, new KeyValuePair<string, object?>("cache", "responses"), new KeyValuePair<string, object?>("result", hit ? "hit" : "miss"));

    public void RedisFailed() => _faults.Add(1);

    public void Unrecorded(int hits) => _unrecorded.Add(hits);

    public void Dispose() => _meter.Dispose();
}
