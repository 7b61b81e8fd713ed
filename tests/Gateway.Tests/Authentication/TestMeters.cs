using System.Diagnostics.Metrics;

namespace LlmGateway.Gateway.Tests.Authentication;

/// <summary>Meters that no other test sees.</summary>
internal sealed class TestMeters : IMeterFactory
{
    private readonly List<Meter> _meters = [];

    public Meter Create(MeterOptions options)
    {
        var meter = new Meter(options);
        _meters.Add(meter);
        return meter;
    }

    public void Dispose() => _meters.ForEach(meter => meter.Dispose());
}
