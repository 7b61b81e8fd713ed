using System.Globalization;
using System.Text;
using LlmGateway.Protos.Routing.V1;
using Microsoft.Extensions.Primitives;

namespace LlmGateway.Gateway.Calls;

/// <summary>The headers of an answer that has begun.</summary>
internal static class AnswerHead
{
    private static readonly StringValues EventStream = "text/event-stream";
    private static readonly StringValues NoCache = "no-cache";
    private static readonly StringValues No = "no";
    private static readonly StringValues[] SmallNumbers = [.. Enumerable.Range(0, 10).Select(n => new StringValues(n.ToString(CultureInfo.InvariantCulture)))];

    public static void Provenance(HttpContext context, Started started)
    {
        Provenance(context.Response, started);
        if (CallClock.Of(context).Added is { } added)
        {
            context.Response.Headers["x-llm-overhead-ms"] = added.TotalMilliseconds.ToString("0.##", CultureInfo.InvariantCulture);
        }
    }

    internal static void Provenance(HttpResponse response, Started started)
    {
        response.Headers["x-llm-provider"] = Printable(started.Provider);
        response.Headers["x-llm-model"] = Printable(started.Model);
        response.Headers["x-llm-attempts"] = started.Attempts >= 0 && started.Attempts < SmallNumbers.Length
            ? SmallNumbers[started.Attempts]
            : started.Attempts.ToString(CultureInfo.InvariantCulture);
    }

    /// <summary>Percent-encodes what is no printable ASCII: Kestrel throws on such a header, and a model may be called 通义.</summary>
    private static string Printable(string text)
    {
        if (!text.AsSpan().ContainsAnyExceptInRange(' ', '~'))
        {
            return text;
        }

        var header = new StringBuilder();
        foreach (var value in Encoding.UTF8.GetBytes(text))
        {
            _ = value is >= (byte)' ' and <= (byte)'~'
                ? header.Append((char)value)
                : header.Append(CultureInfo.InvariantCulture, $"%{value:X2}");
        }

        return header.ToString();
    }

    public static void Stream(HttpResponse response)
    {
        response.Headers.ContentType = EventStream;
        response.Headers.CacheControl = NoCache;
        // nginx collects an answer before it passes it on, unless told not to.
        response.Headers["x-accel-buffering"] = No;
    }
}
