using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using LlmGateway.Routing.Dialects;

namespace LlmGateway.Routing.Providers.Mock;

/// <summary>
/// What the mock does with one call. The last user message may say it, anywhere in its text:
/// <code>
/// [mock d=20 c=10 n=32]          first content after 20 ms, 10 ms between chunks, 32 chunks
/// [mock status=500]              an error of that status; retry_after=7 goes with 429
/// [mock cut=3] [mock stall=3]    breaks off, or falls silent, after 3 chunks
/// [mock tools=2]                 two parallel calls of the request's tools, in turn
/// </code>
/// </summary>
internal sealed partial record MockScript
{
    private const int MostChunks = 100_000;
    private const int MostMilliseconds = 600_000;
    private const int DefaultChunks = 16;
    private const int MostTools = 64;

    public TimeSpan FirstDelay { get; private init; }

    public TimeSpan ChunkDelay { get; private init; }

    public int Chunks { get; private init; } = DefaultChunks;

    public int Status { get; private init; } = 200;

    public TimeSpan RetryAfter { get; private init; }

    /// <summary>Breaks off after this many chunks.</summary>
    public int? Cut { get; private init; }

    /// <summary>Falls silent after this many chunks.</summary>
    public int? Stall { get; private init; }

    /// <summary>How many calls of tools; null leaves it to the request.</summary>
    public int? Tools { get; private init; }

    public static MockScript Read(ChatRequest request)
    {
        var script = new MockScript();
        if (request.Body.Span.IndexOf("[mock "u8) < 0)
        {
            return script;
        }

        foreach (Match setting in Setting().Matches(Directive().Match(LastUserText(request.Body)).Groups["settings"].Value))
        {
            var value = int.Parse(setting.Groups["value"].ValueSpan, NumberStyles.None, CultureInfo.InvariantCulture);
            script = setting.Groups["name"].Value switch
            {
                "d" => script with { FirstDelay = Milliseconds(value) },
                "c" => script with { ChunkDelay = Milliseconds(value) },
                "n" => script with { Chunks = Math.Clamp(value, 1, MostChunks) },
                "status" => script with { Status = value is >= 400 and <= 599 ? value : 500 },
                "retry_after" => script with { RetryAfter = TimeSpan.FromSeconds(Math.Min(value, 3600)) },
                "cut" => script with { Cut = value },
                "stall" => script with { Stall = value },
                "tools" => script with { Tools = Math.Min(value, MostTools) },
                _ => script,
            };
        }

        return script;
    }

    private static TimeSpan Milliseconds(int value) => TimeSpan.FromMilliseconds(Math.Min(value, MostMilliseconds));

    // The mock is for development: here, and only here, a document is worth its allocations.
    private static string LastUserText(ReadOnlyMemory<byte> body)
    {
        using var document = JsonDocument.Parse(body);
        if (!document.RootElement.TryGetProperty("messages", out var messages) || messages.ValueKind != JsonValueKind.Array)
        {
            return "";
        }

        var last = messages.EnumerateArray().LastOrDefault(message => message.ValueKind == JsonValueKind.Object
            && message.TryGetProperty("role", out var role) && role.ValueKind == JsonValueKind.String && role.ValueEquals("user"));
        if (last.ValueKind != JsonValueKind.Object || !last.TryGetProperty("content", out var content))
        {
            return "";
        }

        var text = new StringBuilder();
        foreach (var part in content.ValueKind == JsonValueKind.Array ? content.EnumerateArray().ToArray() : [content])
        {
            var value = part.ValueKind == JsonValueKind.Object && part.TryGetProperty("text", out var inner) ? inner : part;
            text.Append(value.ValueKind == JsonValueKind.String ? value.GetString() : "");
        }

        return text.ToString();
    }

    [GeneratedRegex(@"\[mock (?<settings>[^\]]{1,200})\]", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Directive();

    [GeneratedRegex(@"(?<name>[a-z_]+)=(?<value>\d{1,7})", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Setting();
}
