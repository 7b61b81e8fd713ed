using System.Diagnostics.Metrics;

namespace LlmGateway.Gateway.Authentication;

internal sealed class KeyDirectoryMetrics : IDisposable
{
    private readonly Meter _meter;
    private readonly Histogram<double> _changeAge;
    private readonly Counter<long> _judged;
    private readonly Counter<long> _usesForgotten;

    public KeyDirectoryMetrics(IMeterFactory meters)
    {
        _meter = meters.Create(GatewayMetrics.MeterName);
        _changeAge = _meter.CreateHistogram<double>(
            "llmgateway.gateway.keys.change.age",
            unit: "s",
            description: "How old a change of a key, an account or a tariff was when it took effect here.",
            advice: new InstrumentAdvice<double> { HistogramBucketBoundaries = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 60, 300] });
        _judged = _meter.CreateCounter<long>(
            "llmgateway.gateway.keys.judged", unit: "{secret}", description: "Secrets that Keys.Service was asked about, by verdict.");
        _usesForgotten = _meter.CreateCounter<long>(
            "llmgateway.gateway.keys.uses.forgotten", unit: "{key}", description: "Last uses that were not reported, because too many others wait for Keys.Service.");
    }

    public void ChangeApplied(TimeSpan age) => _changeAge.Record(age.TotalSeconds);

    public void Judged(KeyVerdict verdict) => _judged.Add(1, new KeyValuePair<string, object?>("verdict", verdict switch
    {
        KeyVerdict.Known => "known",
        KeyVerdict.Refused => "refused",
        _ => "unknowable",
    }));

    public void UseForgotten() => _usesForgotten.Add(1);

    /// <summary>What is looked at when somebody reads the metrics.</summary>
    public void Observe(Func<int> known, Func<int> refused, Func<double> silence)
    {
        _meter.CreateObservableGauge(
            "llmgateway.gateway.keys.remembered",
            () => new Measurement<int>[]
            {
                new(known(), new KeyValuePair<string, object?>("verdict", "known")),
                new(refused(), new KeyValuePair<string, object?>("verdict", "refused")),
            },
            unit: "{secret}",
            description: "Secrets in memory.");
        _meter.CreateObservableGauge(
            "llmgateway.gateway.keys.changes.silence", silence, unit: "s", description: "Since the stream of changes last said that it was complete.");
    }

    public void Dispose() => _meter.Dispose();
}
