using System.Diagnostics;
using System.Text.Json;
using Microsoft.Extensions.Logging;

namespace LlmGateway.ServiceDefaults.Export.Sentry;

/// <summary>A line of the log, and where it was written.</summary>
internal sealed record SentryLine(DateTimeOffset Time, LogLevel Level, string Category, string Text, ActivityTraceId Trace, ActivitySpanId Span);

/// <summary>
/// A line of level Error, with its exception as <see cref="FailureText"/> shows one: types and frames, and messages only where they cannot quote
/// what a client sent.
/// </summary>
/// <param name="line">What was logged.</param>
/// <param name="template">Without its values, for Sentry to group by; null where there is none.</param>
/// <param name="exception">Null without one.</param>
/// <param name="before">Lines before it, of the same request.</param>
internal sealed class SentryError(SentryLine line, string? template, Exception? exception, IReadOnlyList<SentryLine> before) : SentryItem
{
    private const int MostFrames = 100;

    public override string Type => "event";

    public override string Category => "error";

    protected override void Write(Utf8JsonWriter json)
    {
        json.WriteNumber("timestamp", Seconds(line.Time));
        json.WriteString("level", NameOf(line.Level));
        json.WriteString("logger", line.Category);
        json.WriteStartObject("logentry");
        json.WriteString("message", template ?? line.Text);
        json.WriteString("formatted", line.Text);
        json.WriteEndObject();
        if (line.Trace != default)
        {
            json.WriteStartObject("contexts");
            json.WriteStartObject("trace");
            WriteSpan(json, line.Trace, line.Span, default);
            json.WriteEndObject();
            json.WriteEndObject();
        }

        WriteBreadcrumbs(json);
        WriteExceptions(json);
    }

    private void WriteBreadcrumbs(Utf8JsonWriter json)
    {
        json.WriteStartObject("breadcrumbs");
        json.WriteStartArray("values");
        foreach (var crumb in before)
        {
            json.WriteStartObject();
            json.WriteNumber("timestamp", Seconds(crumb.Time));
            json.WriteString("level", NameOf(crumb.Level));
            json.WriteString("category", crumb.Category);
            json.WriteString("message", crumb.Text);
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteEndObject();
    }

    private void WriteExceptions(Utf8JsonWriter json)
    {
        if (exception is null)
        {
            return;
        }

        json.WriteStartObject("exception");
        json.WriteStartArray("values");

        // The innermost first, and so is the oldest frame.
        foreach (var each in Chain(exception).Reverse())
        {
            json.WriteStartObject();
            json.WriteString("type", each.GetType().FullName);
            json.WriteString("value", FailureText.Says(each) ?? "");
            json.WriteStartObject("stacktrace");
            json.WriteStartArray("frames");
            foreach (var frame in new StackTrace(each, fNeedFileInfo: true).GetFrames().Take(MostFrames).Reverse())
            {
                WriteFrame(json, frame);
            }

            json.WriteEndArray();
            json.WriteEndObject();
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteEndObject();
    }

    private static void WriteFrame(Utf8JsonWriter json, StackFrame frame)
    {
        var method = frame.GetMethod();
        var type = method?.DeclaringType?.FullName ?? "";
        json.WriteStartObject();
        json.WriteString("function", method?.Name ?? "?");
        json.WriteString("module", type);
        json.WriteBoolean("in_app", type.StartsWith("LlmGateway.", StringComparison.Ordinal));
        if (frame.GetFileName() is { } file)
        {
            json.WriteString("filename", Path.GetFileName(file));
            json.WriteNumber("lineno", frame.GetFileLineNumber());
        }

        json.WriteEndObject();
    }

    private static IEnumerable<Exception> Chain(Exception exception)
    {
        for (var each = exception; each is not null; each = each.InnerException)
        {
            yield return each;
        }
    }

    private static string NameOf(LogLevel level) => level switch
    {
        LogLevel.Critical => "fatal",
        LogLevel.Error => "error",
        LogLevel.Warning => "warning",
        LogLevel.Information => "info",
        _ => "debug",
    };
}
