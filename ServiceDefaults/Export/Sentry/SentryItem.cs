using System.Diagnostics;
using System.Globalization;
using System.Text.Json;

namespace LlmGateway.ServiceDefaults.Export.Sentry;

/// <summary>What all events of this process have in common.</summary>
/// <param name="Service">Its name, as in traces.</param>
/// <param name="Release">APP_VERSION, or what was built.</param>
/// <param name="Environment">ENVIRONMENT.</param>
/// <param name="Server">The machine's name.</param>
internal sealed record SentrySource(string Service, string Release, string Environment, string Server);

/// <summary>One event of Sentry's: an error or a transaction. It is written by the thread that sends, not by the one that has a request.</summary>
internal abstract class SentryItem
{
    private readonly string _id = Guid.NewGuid().ToString("N");

    /// <summary>The envelope's name for it.</summary>
    public abstract string Type { get; }

    /// <summary>The name of its rate limit.</summary>
    public abstract string Category { get; }

    /// <summary>Three lines: the envelope's header, the item's header, and the event.</summary>
    public byte[] ToEnvelope(SentrySource source, DateTimeOffset sent)
    {
        var body = new MemoryStream();
        using (var json = new Utf8JsonWriter(body))
        {
            json.WriteStartObject();
            json.WriteString("event_id", _id);
            json.WriteString("platform", "csharp");
            json.WriteString("release", source.Release);
            json.WriteString("environment", source.Environment);
            json.WriteString("server_name", source.Server);
            json.WriteStartObject("tags");
            json.WriteString("service", source.Service);
            json.WriteEndObject();
            json.WriteStartObject("sdk");
            json.WriteString("name", SentryQueue.Client);
            json.WriteString("version", source.Release);
            json.WriteEndObject();
            Write(json);
            json.WriteEndObject();
        }

        var envelope = new MemoryStream();
        WriteLine(envelope, json =>
        {
            json.WriteString("event_id", _id);
            json.WriteString("sent_at", sent.ToString("O", CultureInfo.InvariantCulture));
        });
        WriteLine(envelope, json =>
        {
            json.WriteString("type", Type);
            json.WriteString("content_type", "application/json");
            json.WriteNumber("length", body.Length);
        });
        body.WriteTo(envelope);
        envelope.WriteByte((byte)'\n');
        return envelope.ToArray();
    }

    protected abstract void Write(Utf8JsonWriter json);

    protected static double Seconds(DateTimeOffset time) => time.ToUnixTimeMilliseconds() / 1000.0;

    protected static void WriteSpan(Utf8JsonWriter json, ActivityTraceId trace, ActivitySpanId span, ActivitySpanId parent)
    {
        json.WriteString("trace_id", trace.ToHexString());
        json.WriteString("span_id", span.ToHexString());
        if (parent != default)
        {
            json.WriteString("parent_span_id", parent.ToHexString());
        }
    }

    private static void WriteLine(Stream envelope, Action<Utf8JsonWriter> write)
    {
        using (var json = new Utf8JsonWriter(envelope))
        {
            json.WriteStartObject();
            write(json);
            json.WriteEndObject();
        }

        envelope.WriteByte((byte)'\n');
    }
}
