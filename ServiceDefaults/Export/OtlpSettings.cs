using System.Globalization;
using Microsoft.Extensions.Configuration;
using OpenTelemetry.Exporter;

namespace LlmGateway.ServiceDefaults.Export;

/// <summary>
/// OpenTelemetry's own settings (<c>OTEL_EXPORTER_OTLP_…</c>, <c>OTEL_BSP_…</c>, <c>OTEL_BLRP_…</c>), read from the configuration for the exporters
/// that are made by hand, so that what they lose is counted.
/// </summary>
internal sealed class OtlpSettings(IConfiguration configuration)
{
    /// <summary>Null where nothing is exported.</summary>
    public static OtlpSettings? Read(IConfiguration configuration) =>
        string.IsNullOrWhiteSpace(configuration["OTEL_EXPORTER_OTLP_ENDPOINT"]) ? null : new OtlpSettings(configuration);

    /// <param name="signal">traces or logs: a setting of its own (<c>OTEL_EXPORTER_OTLP_TRACES_ENDPOINT</c>) wins over the one for all.</param>
    public OtlpExporterOptions Exporter(string signal)
    {
        var options = new OtlpExporterOptions();
        if (Text("PROTOCOL", signal, out _) is { } protocol)
        {
            options.Protocol = protocol == "http/protobuf" ? OtlpExportProtocol.HttpProtobuf : OtlpExportProtocol.Grpc;
        }

        if (Text("HEADERS", signal, out _) is { } headers)
        {
            options.Headers = headers;
        }

        if (int.TryParse(Text("TIMEOUT", signal, out _), NumberStyles.None, CultureInfo.InvariantCulture, out var timeout))
        {
            options.TimeoutMilliseconds = timeout;
        }

        var endpoint = Text("ENDPOINT", signal, out var ofSignal)!;
        // The address for all signals is a base over HTTP; the one for a signal is whole.
        options.Endpoint = options.Protocol == OtlpExportProtocol.HttpProtobuf && !ofSignal
            ? new Uri($"{endpoint.TrimEnd('/')}/v1/{signal}")
            : new Uri(endpoint);
        return options;
    }

    /// <param name="prefix"><c>OTEL_BSP</c> for spans, <c>OTEL_BLRP</c> for log records.</param>
    public BatchSettings Batch(string prefix)
    {
        var queue = Number($"{prefix}_MAX_QUEUE_SIZE", 2048);
        return new BatchSettings(
            queue,
            Number($"{prefix}_SCHEDULE_DELAY", 5000),
            Number($"{prefix}_EXPORT_TIMEOUT", 30000),
            Math.Min(queue, Number($"{prefix}_MAX_EXPORT_BATCH_SIZE", 512)));
    }

    private string? Text(string name, string signal, out bool ofSignal)
    {
        var own = configuration[$"OTEL_EXPORTER_OTLP_{signal.ToUpperInvariant()}_{name}"];
        ofSignal = !string.IsNullOrWhiteSpace(own);
        var text = ofSignal ? own : configuration[$"OTEL_EXPORTER_OTLP_{name}"];
        return string.IsNullOrWhiteSpace(text) ? null : text.Trim();
    }

    private int Number(string name, int otherwise) =>
        int.TryParse(configuration[name], NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number > 0 ? number : otherwise;
}

/// <param name="Queue">Items that wait at most; what comes while it is full is dropped.</param>
/// <param name="DelayMilliseconds">Between two exports of less than a batch.</param>
/// <param name="TimeoutMilliseconds">Of one export.</param>
/// <param name="Batch">Items of one export at most.</param>
internal sealed record BatchSettings(int Queue, int DelayMilliseconds, int TimeoutMilliseconds, int Batch);
