using System.Diagnostics.Metrics;
using LlmGateway.Gateway.Calls;

namespace LlmGateway.Gateway;

internal sealed class GatewayMetrics : IDisposable
{
    public const string MeterName = "LlmGateway.Gateway";

    private readonly Meter _meter;
    private readonly Histogram<double> _callDuration;

    public GatewayMetrics(IMeterFactory meters)
    {
        _meter = meters.Create(MeterName);
        _callDuration = _meter.CreateHistogram<double>(
            "llmgateway.gateway.call.duration",
            unit: "s",
            description: "From a call's last check to the last byte of its answer.",
            advice: new InstrumentAdvice<double> { HistogramBucketBoundaries = [0.01, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 600] });
    }

    /// <summary>A call that Routing was asked for is over; its outcome is "ok" or the error's code.</summary>
    public void CallEnded(bool stream, ApiError? error, TimeSpan duration)
    {
        var outcome = error?.Outcome ?? "ok";
        _callDuration.Record(duration.TotalSeconds, new("stream", stream), new("outcome", outcome));
    }

    public void Dispose() => _meter.Dispose();
}
