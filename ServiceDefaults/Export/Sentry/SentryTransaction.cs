using System.Diagnostics;
using System.Globalization;
using System.Text.Json;

namespace LlmGateway.ServiceDefaults.Export.Sentry;

/// <param name="root">The request.</param>
/// <param name="spans">What ended below it, until it ended.</param>
internal sealed class SentryTransaction(Activity root, IReadOnlyList<Activity> spans) : SentryItem
{
    public override string Type => "transaction";

    public override string Category => "transaction";

    protected override void Write(Utf8JsonWriter json)
    {
        json.WriteString("type", "transaction");
        json.WriteString("transaction", root.DisplayName);
        json.WriteStartObject("transaction_info");
        json.WriteString("source", "route");
        json.WriteEndObject();
        WriteTimes(json, root);
        json.WriteStartObject("contexts");
        json.WriteStartObject("trace");
        WriteSpan(json, root);
        json.WriteEndObject();
        json.WriteEndObject();
        json.WriteStartArray("spans");
        foreach (var span in spans)
        {
            json.WriteStartObject();
            WriteTimes(json, span);
            WriteSpan(json, span);
            json.WriteString("description", span.DisplayName);
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }

    private static void WriteTimes(Utf8JsonWriter json, Activity span)
    {
        json.WriteNumber("start_timestamp", Precise(span.StartTimeUtc));
        json.WriteNumber("timestamp", Precise(span.StartTimeUtc + span.Duration));
    }

    private static void WriteSpan(Utf8JsonWriter json, Activity span)
    {
        WriteSpan(json, span.TraceId, span.SpanId, span.ParentSpanId);
        json.WriteString("op", OperationOf(span));
        json.WriteString("status", span.Status == ActivityStatusCode.Error ? "internal_error" : "ok");
        json.WriteStartObject("data");
        foreach (var (name, value) in span.TagObjects)
        {
            json.WritePropertyName(name);
            WriteValue(json, value);
        }

        json.WriteEndObject();
    }

    private static void WriteValue(Utf8JsonWriter json, object? value)
    {
        switch (value)
        {
            case bool flag:
                json.WriteBooleanValue(flag);
                break;
            case int or long or short or byte:
                json.WriteNumberValue(Convert.ToInt64(value, CultureInfo.InvariantCulture));
                break;
            case double number when double.IsFinite(number):
                json.WriteNumberValue(number);
                break;
            default:
                json.WriteStringValue(Convert.ToString(value, CultureInfo.InvariantCulture));
                break;
        }
    }

    // Sentry's names (develop.sentry.dev/sdk/telemetry/traces/span-operations/).
    private static string OperationOf(Activity span) => span.Source.Name switch
    {
        "Microsoft.AspNetCore" => "http.server",
        "System.Net.Http" => "http.client",
        "Npgsql" => "db.query",
        _ when span.GetTagItem("gen_ai.operation.name") is string operation => "gen_ai." + operation,
        _ => "default",
    };

    private static decimal Precise(DateTime time) => (time - DateTime.UnixEpoch).Ticks / (decimal)TimeSpan.TicksPerSecond;
}
