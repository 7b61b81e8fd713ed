using System.Runtime.CompilerServices;
using OpenTelemetry;

namespace LlmGateway.ServiceDefaults.Export;

/// <summary>
/// Counts what another exporter delivers and what it does not. The SDK counts only what finds the queue full, and the OTLP exporter tells an event
/// source of failures, without a number.
/// </summary>
internal sealed class CountedExporter<T>(BaseExporter<T> exporter, ExportCount count) : BaseExporter<T>
    where T : class
{
    public override ExportResult Export(in Batch<T> batch)
    {
        // The exporter takes the resource from its provider, which knows only this one.
        Provider<T>.Set(exporter, ParentProvider);
        var items = batch.Count;
        var result = exporter.Export(in batch);
        if (result == ExportResult.Success)
        {
            count.Delivered(items);
        }
        else
        {
            count.Lost(items);
        }

        return result;
    }

    protected override bool OnForceFlush(int timeoutMilliseconds) => exporter.ForceFlush(timeoutMilliseconds);

    protected override bool OnShutdown(int timeoutMilliseconds) => exporter.Shutdown(timeoutMilliseconds);

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            exporter.Dispose();
        }

        base.Dispose(disposing);
    }
}

/// <summary>The SDK sets an exporter's provider by itself, but not that of an exporter inside another one.</summary>
internal static class Provider<T>
    where T : class
{
    [UnsafeAccessor(UnsafeAccessorKind.Method, Name = "set_ParentProvider")]
    public static extern void Set(BaseExporter<T> exporter, BaseProvider? provider);
}
