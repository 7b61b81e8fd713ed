using System.Buffers;
using System.Collections;
using System.Diagnostics;
using System.Globalization;
using System.Text.Encodings.Web;
using System.Text.Json;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace LlmGateway.ServiceDefaults.Logging;

/// <summary>
/// A record as one line of JSON: timestamp, level, message, model, user_id, duration_ms, request_id and trace_id in this order, where it has
/// them, then service, category, what else it has, and its exception.
/// </summary>
/// <remarks>
/// Written by hand, because the JSON formatter of Microsoft.Extensions.Logging has names of its own in an order of its own (Timestamp, EventId,
/// LogLevel, Category, Message, State), puts a record's values one level down, and knows no trace.
/// </remarks>
/// <param name="service">The name of this process.</param>
internal sealed class JsonLine(string service, TimeProvider time)
{
    private static readonly string[] First = ["model", "user_id", "duration_ms", "request_id"];

    // What a record calls so gives way: its values are in the message too.
    private static readonly string[] Own = ["timestamp", "level", "message", "trace_id", "service", "category", "span_id", "exception"];

    // Readable: nobody puts a log into a page of HTML without escaping it.
    private static readonly JsonWriterOptions Options = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, SkipValidation = true };

    /// <summary>Without the end of the line.</summary>
    public void Write<TState>(IBufferWriter<byte> output, in LogEntry<TState> entry, IExternalScopeProvider? scopes)
    {
        var fields = LogFields.Of(entry, scopes);
        var traceId = (string?)null;
        foreach (var name in Own)
        {
            var given = fields.Take(name);
            traceId = name == "trace_id" ? Convert.ToString(given, CultureInfo.InvariantCulture) : traceId;
        }

        using var json = new Utf8JsonWriter(output, Options);
        json.WriteStartObject();
        json.WriteString("timestamp", time.GetUtcNow().ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture));
        json.WriteString("level", LevelNames.Of(entry.LogLevel));
        json.WriteString("message", entry.Formatter(entry.State, entry.Exception));
        foreach (var name in First)
        {
            Write(json, name, fields.Take(name));
        }

        WriteTrace(json, traceId);
        json.WriteString("service", service);
        json.WriteString("category", entry.Category);
        foreach (var (name, _, value) in fields.All)
        {
            Write(json, name, value);
        }

        if (entry.Exception is { } exception)
        {
            json.WriteString("exception", exception.ToString());
        }

        json.WriteEndObject();
    }

    private static void WriteTrace(Utf8JsonWriter json, string? scopes)
    {
        var id = Activity.Current is { IdFormat: ActivityIdFormat.W3C } span ? span.TraceId.ToHexString() : scopes;
        if (!string.IsNullOrEmpty(id))
        {
            json.WriteString("trace_id", id);
        }
    }

    private static void Write(Utf8JsonWriter json, string name, object? value)
    {
        if (value is not null)
        {
            json.WritePropertyName(name);
            WriteValue(json, value);
        }
    }

    private static void WriteValue(Utf8JsonWriter json, object? value)
    {
        switch (value)
        {
            case string text: json.WriteStringValue(text); break;
            case bool flag: json.WriteBooleanValue(flag); break;
            case int or long or short or byte or uint or ushort: json.WriteNumberValue(Convert.ToInt64(value, CultureInfo.InvariantCulture)); break;
            case double number when double.IsFinite(number): json.WriteNumberValue(number); break;
            case decimal number: json.WriteNumberValue(number); break;
            case DateTimeOffset at: json.WriteStringValue(at); break;
            case IEnumerable list:
                json.WriteStartArray();
                foreach (var element in list)
                {
                    json.WriteStringValue(Convert.ToString(element, CultureInfo.InvariantCulture));
                }

                json.WriteEndArray();
                break;
            default: json.WriteStringValue(Convert.ToString(value, CultureInfo.InvariantCulture)); break;
        }
    }
}
