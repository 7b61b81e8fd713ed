using System.Diagnostics;
using OpenTelemetry;
using OpenTelemetry.Exporter;
using OpenTelemetry.Logs;

namespace LlmGateway.ServiceDefaults.Export;

/// <summary>
/// Queues of spans and of log records for the collector. Both are bounded and drop what finds them full; one background thread each sends, so that
/// a collector that is away costs no request anything.
/// </summary>
internal static class OtlpExport
{
    private const string Name = "otlp";

    public static BaseProcessor<Activity> Spans(OtlpSettings settings, ExportTally tally)
    {
        var batch = settings.Batch("OTEL_BSP");
        return new BatchActivityExportProcessor(
            new CountedExporter<Activity>(new OtlpTraceExporter(settings.Exporter("traces")), tally.Of(Name, "traces")),
            batch.Queue, batch.DelayMilliseconds, batch.TimeoutMilliseconds, batch.Batch);
    }

    public static BaseProcessor<LogRecord> Logs(OtlpSettings settings, ExportTally tally)
    {
        var batch = settings.Batch("OTEL_BLRP");
        return new BatchLogRecordExportProcessor(
            new CountedExporter<LogRecord>(new OtlpLogExporter(settings.Exporter("logs")), tally.Of(Name, "logs")),
            batch.Queue, batch.DelayMilliseconds, batch.TimeoutMilliseconds, batch.Batch);
    }
}
