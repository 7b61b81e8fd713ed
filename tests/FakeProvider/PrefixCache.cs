using System.Text.Json;

namespace LlmGateway.FakeProvider;

/// <summary>
/// What one deployment remembers of the prompts that it has seen, as vendors do: the longest beginning that a prompt shares with an earlier one is
/// read from the cache, from 1,024 tokens on. OpenAI counts it in steps of 128 tokens; Anthropic remembers only what the client marks by
/// cache_control, and says what it wrote; Gemini does it by itself, in any length. Nothing is ever forgotten.
/// </summary>
public sealed class PrefixCache
{
    private const int Least = 1024;
    private const int OpenAiStep = 128;

    private readonly Lock _lock = new();
    private readonly List<string[]> _prompts = [];

    /// <summary>Counts what is known of the call's prompt, and remembers it.</summary>
    internal (long Cached, long Written) Take(ProviderCall call)
    {
        var prompt = call.Prompt.SelectMany(text => text.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries)).ToArray();
        var isMessages = call.Endpoint == Endpoint.Messages;
        if (prompt.Length < Least || (isMessages && !IsMarked(call.Json)))
        {
            return (0, 0);
        }

        lock (_lock)
        {
            var known = _prompts.Select(earlier => (long)earlier.AsSpan().CommonPrefixLength(prompt)).DefaultIfEmpty().Max();
            var step = isMessages || call.Endpoint == Endpoint.GenerateContent ? 1 : OpenAiStep;
            var cached = known < Least ? 0 : known - (known % step);
            _prompts.Add(prompt);
            return (cached, isMessages ? prompt.Length - cached : 0);
        }
    }

    private static bool IsMarked(JsonElement element) => element.ValueKind switch
    {
        JsonValueKind.Object => element.EnumerateObject().Any(member => member.NameEquals("cache_control") || IsMarked(member.Value)),
        JsonValueKind.Array => element.EnumerateArray().Any(IsMarked),
        _ => false,
    };
}
