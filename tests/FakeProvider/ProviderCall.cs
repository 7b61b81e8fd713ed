using System.Text.Json;
using Microsoft.AspNetCore.Http;

namespace LlmGateway.FakeProvider;

/// <summary>What was called.</summary>
public enum Endpoint
{
    /// <summary>OpenAI's /v1/chat/completions, and Azure's.</summary>
    Chat,

    /// <summary>OpenAI's /v1/completions.</summary>
    Completions,

    /// <summary>OpenAI's /v1/embeddings.</summary>
    Embeddings,

    /// <summary>OpenAI's /v1/responses.</summary>
    Responses,

    /// <summary>Anthropic's /v1/messages.</summary>
    Messages,

    /// <summary>Anthropic's /v1/messages/count_tokens.</summary>
    CountTokens,

    /// <summary>Gemini's :generateContent and :streamGenerateContent.</summary>
    GenerateContent,

    /// <summary>Gemini's :batchEmbedContents and :embedContent.</summary>
    EmbedContents,
}

/// <summary>One call as the provider saw it, and what the provider did.</summary>
public sealed class ProviderCall
{
    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);

    private ProviderCall(int id, Endpoint endpoint, HttpRequest request, byte[] body, JsonElement json)
    {
        Id = id;
        Endpoint = endpoint;
        Path = request.Path;
        Query = request.QueryString.ToString();
        Body = body;
        Json = json;
        Authorization = request.Headers.Authorization.ToString();
        Headers = request.Headers.ToDictionary(header => header.Key, header => header.Value.ToString(), StringComparer.OrdinalIgnoreCase);
        var reader = new RequestReader(endpoint, request, json);
        Key = reader.Key;
        Model = reader.Model;
        Stream = reader.Stream;
        ServerSentEvents = endpoint != Endpoint.GenerateContent || request.Query["alt"] == "sse";
        MaxTokens = reader.MaxTokens;
        Choices = reader.Choices;
        IncludeUsage = reader.IncludeUsage;
        Texts = reader.Texts;
        Prompt = reader.Prompt;
        Prefill = reader.Prefill;
        PromptWords = Texts.Sum(text => text.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries).Length) + reader.Tokens;
    }

    public int Id { get; }

    public Endpoint Endpoint { get; }

    public string Path { get; }

    /// <summary>With its question mark; empty without one.</summary>
    public string Query { get; }

    public byte[] Body { get; }

    /// <summary>The body; of kind Undefined when it is not JSON.</summary>
    public JsonElement Json { get; }

    public string Authorization { get; }

    public IReadOnlyDictionary<string, string> Headers { get; }

    /// <summary>The provider key that came with the call, wherever its wire puts it; null without one.</summary>
    public string? Key { get; }

    /// <summary>The body's model, or the path's.</summary>
    public string Model { get; }

    public bool Stream { get; }

    public bool IncludeUsage { get; }

    /// <summary>The request's limit of generated tokens: max_completion_tokens, else max_tokens; maxOutputTokens.</summary>
    public long? MaxTokens { get; }

    /// <summary>How many answers are asked for: n, candidateCount. The fake provider gives the same one each time, on the chat wire and on Gemini's.</summary>
    public int Choices { get; }

    /// <summary>The text of an assistant's turn at the request's end; null when it ends with another turn.</summary>
    public string? Prefill { get; }

    /// <summary>It came to one of Azure's paths.</summary>
    public bool IsAzure => Path.StartsWith("/openai/", StringComparison.Ordinal);

    /// <summary>Tokens as the provider counts them, reported or not: the whole prompt, cached or not.</summary>
    public long PromptTokens { get; internal set; }

    /// <summary>Tokens generated so far, thinking too.</summary>
    public long CompletionTokens { get; internal set; }

    public long CachedTokens { get; internal set; }

    public long CacheWriteTokens { get; internal set; }

    public long ReasoningTokens { get; internal set; }

    /// <summary>The whole answer was sent, to its last byte.</summary>
    public bool Completed { get; internal set; }

    /// <summary>The client hung up before the answer was whole.</summary>
    public bool LeftByClient { get; private set; }

    public Task Ended => _ended.Task;

    /// <summary>The first word of the first message: what a test knows one call among many by.</summary>
    public string Tag => Texts.Count > 0 ? Texts[0].Split(' ', 2)[0] : "";

    /// <summary>All texts of the prompt, the system's last.</summary>
    internal IReadOnlyList<string> Texts { get; }

    /// <summary>The same texts, the system's first.</summary>
    internal IReadOnlyList<string> Prompt { get; }

    /// <summary>Words of all texts, and tokens where the client sends tokens: the provider's tokenizer.</summary>
    internal long PromptWords { get; }

    /// <summary>Gemini without alt=sse streams one JSON array.</summary>
    internal bool ServerSentEvents { get; }

    internal static async Task<ProviderCall> ReadAsync(int id, Endpoint endpoint, HttpRequest request)
    {
        using var memory = new MemoryStream();
        await request.Body.CopyToAsync(memory, request.HttpContext.RequestAborted);
        var body = memory.ToArray();
        try
        {
            return new ProviderCall(id, endpoint, request, body, JsonDocument.Parse(body).RootElement.Clone());
        }
        catch (JsonException)
        {
            return new ProviderCall(id, endpoint, request, body, default);
        }
    }

    internal void MarkEnded(bool leftByClient)
    {
        LeftByClient = leftByClient && !Completed;
        _ended.TrySetResult();
    }
}

/// <summary>The provider's own account of a set of calls: what its bill would say. Counting tokens beforehand costs nothing.</summary>
public sealed record Tally(int Calls, int Completed, long PromptTokens, long CachedTokens, long CompletionTokens)
{
    public long CacheWriteTokens { get; init; }

    public long ReasoningTokens { get; init; }

    internal static Tally Of(IEnumerable<ProviderCall> all)
    {
        var calls = all.Where(call => call.Endpoint != Endpoint.CountTokens).ToList();
        return new(
            calls.Count,
            calls.Count(call => call.Completed),
            calls.Sum(call => call.PromptTokens),
            calls.Sum(call => call.CachedTokens),
            calls.Sum(call => call.CompletionTokens))
        {
            CacheWriteTokens = calls.Sum(call => call.CacheWriteTokens),
            ReasoningTokens = calls.Sum(call => call.ReasoningTokens),
        };
    }
}
