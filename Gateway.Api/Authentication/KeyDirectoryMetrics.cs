using System.Diagnostics.Metrics;
using LlmGateway.ServiceDefaults.Metrics;

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
        _changeAge = _meter.Histogram(GatewayMetricTable.ChangeAge);
        _judged = _meter.Counter(GatewayMetricTable.Judged);
        _usesForgotten = _meter.Counter(GatewayMetricTable.UsesForgotten);
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
        _meter.Observe(GatewayMetricTable.Remembered, () => new Measurement<long>[]
        {
            new(known(), new KeyValuePair<string, object?>("verdict", "known")),
            new(refused(), new KeyValuePair<string, object?>("verdict", "refused")),
        });
        _meter.Observe(GatewayMetricTable.ChangeSilence, silence);
    }

    public void Dispose() => _meter.Dispose();
}
