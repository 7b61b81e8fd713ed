namespace LlmGateway.ServiceDefaults.Metrics;

/// <summary>What became of the spans and log records that this process would have exported.</summary>
internal static class TelemetryMetrics
{
    private const string Exporting = "`OTEL_EXPORTER_OTLP_ENDPOINT`, `LANGFUSE_ENABLED`, `SENTRY_DSN`";
    private const string Collector = "`OTEL_EXPORTER_OTLP_ENDPOINT`";
    private const string Queueing = "`OTEL_EXPORTER_OTLP_ENDPOINT`, `LANGFUSE_ENABLED`";
    private static readonly MetricLabel Exporter = new("exporter", "otlp", "langfuse", "sentry");
    private static readonly MetricLabel Signal = new("signal", "traces", "logs", "errors");

    public static readonly MetricTable Table = new("LlmGateway.Telemetry");

    public static readonly MetricRow Exported = Table.Add(new(
        "llmgateway.telemetry.exported", MetricKind.Counter, "{item}", "Spans, log records and errors that their receiver took.", Exporter, Signal)
    { AppearsWith = Exporting });

    public static readonly MetricRow NotDelivered = Table.Add(new(
        "llmgateway.telemetry.not_delivered", MetricKind.Counter, "{item}", "Spans, log records and errors that their receiver did not take. They are gone.", Exporter, Signal)
    { AppearsWith = Exporting });

    public static readonly MetricRow DroppedLines = Table.Add(new(
        "llmgateway.telemetry.log.lines.dropped", MetricKind.Counter, "{line}",
        "Lines of the log file that found no place in its queue, or could not be written. They are gone.")
    { AppearsWith = "`LOG_FILE`" });

    /// <summary>The SDK's own: the queue in front of the exporter.</summary>
    public static readonly MetricTable Queues = MetricTable.Of(
        "otel.sdk.experimental",
        new("otel.sdk.processor.span.processed", MetricKind.Counter, "{span}",
            "Spans that left the queue to the exporter, or with error.type queue_full found no place in it and are gone.", "otel.component.name", "error.type")
        { AppearsWith = Queueing },
        new("otel.sdk.processor.log.processed", MetricKind.Counter, "{log_record}",
            "Log records that left the queue to the exporter, or with error.type queue_full found no place in it and are gone.", "otel.component.name", "error.type")
        { AppearsWith = Collector });
}
