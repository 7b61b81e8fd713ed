using LlmGateway.ServiceDefaults.Export;

namespace LlmGateway.Gateway.Health;

/// <summary>The exporters of this process.</summary>
internal sealed class MonitoringState(IConfiguration configuration, ExportTally tally)
{
    public MonitoringBody Read()
    {
        var states = tally.Read();
        var langfuse = configuration.GetValue("Langfuse:Enabled", defaultValue: false) ? configuration["Langfuse:Host"] : null;
        return new(
            new(configuration.GetValue("Prometheus:Enabled", defaultValue: true)),
            Exporter("otlp", configuration["OTEL_EXPORTER_OTLP_ENDPOINT"], states),
            Exporter("sentry", configuration["Sentry:Dsn"], states),
            Exporter("langfuse", langfuse, states),
            tally.Dropped);
    }

    private static ExporterBody Exporter(string name, string? address, IEnumerable<ExportState> states) => new(
        !string.IsNullOrWhiteSpace(address),
        HostOf(address),
        states.Where(state => state.Exporter == name).GroupBy(state => state.Signal).ToDictionary(
            signal => signal.Key, signal => new SignalBody(signal.Sum(state => state.Delivered), signal.Sum(state => state.Lost))));

    // Addresses have keys in front of the host, and in the path too.
    private static string? HostOf(string? address) => Uri.TryCreate(address, UriKind.Absolute, out var uri) ? $"{uri.Host}:{uri.Port}" : null;
}
