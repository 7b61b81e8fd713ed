using System.Text.Json;
using Microsoft.AspNetCore.Http;

namespace LlmGateway.FakeProvider;

/// <summary>One call as the provider saw it, and what the provider did.</summary>
public sealed class ProviderCall
{
    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);

    private ProviderCall(int id, byte[] body, JsonElement json, IHeaderDictionary headers)
    {
        Id = id;
        Body = body;
        Json = json;
        Authorization = headers.Authorization.ToString();
        Headers = headers.ToDictionary(header => header.Key, header => header.Value.ToString(), StringComparer.OrdinalIgnoreCase);
        Model = Text("model") ?? "";
        Stream = Member("stream") is { ValueKind: JsonValueKind.True };
        MaxTokens = Number("max_completion_tokens") ?? Number("max_tokens");
        IncludeUsage = Member("stream_options") is { ValueKind: JsonValueKind.Object } options
            && options.TryGetProperty("include_usage", out var include) && include.ValueKind == JsonValueKind.True;
    }

    public int Id { get; }

    public byte[] Body { get; }

    /// <summary>The body; of kind Undefined when it is not JSON.</summary>
    public JsonElement Json { get; }

    public string Authorization { get; }

    public IReadOnlyDictionary<string, string> Headers { get; }

    public string Model { get; }

    public bool Stream { get; }

    public bool IncludeUsage { get; }

    /// <summary>max_completion_tokens, else max_tokens.</summary>
    public long? MaxTokens { get; }

    /// <summary>Tokens as the provider counts them, reported or not.</summary>
    public long PromptTokens { get; internal set; }

    /// <summary>Tokens generated so far.</summary>
    public long CompletionTokens { get; internal set; }

    public long CachedTokens { get; internal set; }

    /// <summary>The whole answer was sent, to its last byte.</summary>
    public bool Completed { get; internal set; }

    /// <summary>The client hung up before the answer was whole.</summary>
    public bool LeftByClient { get; private set; }

    public Task Ended => _ended.Task;

    /// <summary>The first word of the first message: what a test knows one call among many by.</summary>
    public string Tag => Member("messages") is { ValueKind: JsonValueKind.Array } messages && messages.GetArrayLength() > 0
        && messages[0].TryGetProperty("content", out var content) && content.ValueKind == JsonValueKind.String
            ? content.GetString()!.Split(' ', 2)[0]
            : "";

    internal static ProviderCall Read(int id, byte[] body, IHeaderDictionary headers)
    {
        try
        {
            return new ProviderCall(id, body, JsonDocument.Parse(body).RootElement.Clone(), headers);
        }
        catch (JsonException)
        {
            return new ProviderCall(id, body, default, headers);
        }
    }

    internal void MarkEnded(bool leftByClient)
    {
        LeftByClient = leftByClient && !Completed;
        _ended.TrySetResult();
    }

    /// <summary>Words of all message texts: the provider's tokenizer.</summary>
    internal long CountPromptWords() => Member("messages") is { ValueKind: JsonValueKind.Array } messages
        ? messages.EnumerateArray().Sum(message => message.TryGetProperty("content", out var content) ? Words(content) : 0)
        : 0;

    private static long Words(JsonElement content) => content.ValueKind switch
    {
        JsonValueKind.String => content.GetString()!.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries).Length,
        JsonValueKind.Array => content.EnumerateArray().Sum(part => part.TryGetProperty("text", out var text) ? Words(text) : 0),
        _ => 0,
    };

    private JsonElement? Member(string name) => Json.ValueKind == JsonValueKind.Object && Json.TryGetProperty(name, out var value) ? value : null;

    private string? Text(string name) => Member(name) is { ValueKind: JsonValueKind.String } value ? value.GetString() : null;

    private long? Number(string name) => Member(name) is { ValueKind: JsonValueKind.Number } value ? value.GetInt64() : null;
}

/// <summary>The provider's own account of a set of calls: what its bill would say.</summary>
public sealed record Tally(int Calls, int Completed, long PromptTokens, long CachedTokens, long CompletionTokens)
{
    internal static Tally Of(IReadOnlyList<ProviderCall> calls) => new(
        calls.Count,
        calls.Count(call => call.Completed),
        calls.Sum(call => call.PromptTokens),
        calls.Sum(call => call.CachedTokens),
        calls.Sum(call => call.CompletionTokens));
}
