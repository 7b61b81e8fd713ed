using System.Text.Json;
using Microsoft.AspNetCore.Http;

namespace LlmGateway.FakeProvider;

/// <summary>Where each wire keeps what every call has. A body that makes no sense gives nothing; the checks then say what is wrong.</summary>
internal sealed class RequestReader(Endpoint endpoint, HttpRequest request, JsonElement json)
{
    public string Model => request.RouteValues["model"] as string ?? Text(json.Member("model"));

    public bool Stream => endpoint == Endpoint.GenerateContent
        ? request.Path.Value!.EndsWith(":streamGenerateContent", StringComparison.Ordinal)
        : json.Member("stream").ValueKind == JsonValueKind.True;

    public bool IncludeUsage => json.Member("stream_options").Member("include_usage").ValueKind == JsonValueKind.True;

    public long? MaxTokens => endpoint switch
    {
        Endpoint.GenerateContent => Number(json.Member("generationConfig").Member("maxOutputTokens")),
        Endpoint.Responses => Number(json.Member("max_output_tokens")),
        _ => Number(json.Member("max_completion_tokens")) ?? Number(json.Member("max_tokens")),
    };

    /// <summary>OpenAI's n and Gemini's candidateCount.</summary>
    public int Choices => (int)Math.Max(1, Number(endpoint == Endpoint.GenerateContent
        ? json.Member("generationConfig").Member("candidateCount")
        : json.Member("n")) ?? 1);

    public string? Key => endpoint switch
    {
        Endpoint.Messages or Endpoint.CountTokens => Header("x-api-key") ?? Bearer,
        Endpoint.GenerateContent or Endpoint.EmbedContents => Header("x-goog-api-key") ?? (request.Query.TryGetValue("key", out var key) ? key.ToString() : null),
        _ => Bearer ?? Header("api-key"),
    };

    public IReadOnlyList<string> Texts => [.. Turns.SelectMany(TextsOf), .. Instructions];

    /// <summary>In the order in which a model reads them.</summary>
    public IReadOnlyList<string> Prompt => [.. Instructions, .. Turns.SelectMany(TextsOf)];

    private IEnumerable<string> Instructions => new[] { "system", "systemInstruction", "instructions" }.SelectMany(name => TextsOf(json.Member(name)));

    /// <summary>Of a prompt or an input that is sent as tokens, or as arrays of tokens.</summary>
    public long Tokens => endpoint is Endpoint.Completions or Endpoint.Embeddings ? Numbers(json.Member("prompt")) + Numbers(json.Member("input")) : 0;

    public string? Prefill => Turns.LastOrDefault() is { ValueKind: JsonValueKind.Object } last && Text(last.Member("role")) is "assistant" or "model"
        ? string.Concat(TextsOf(last))
        : null;

    private IEnumerable<JsonElement> Turns => endpoint switch
    {
        Endpoint.GenerateContent => json.Member("contents").Items(),
        Endpoint.EmbedContents => json.Has("requests") ? json.Member("requests").Items() : [json],
        Endpoint.Completions => [json.Member("prompt")],
        Endpoint.Embeddings => [json.Member("input")],
        Endpoint.Responses => json.Member("input") is { ValueKind: JsonValueKind.Array } items ? items.EnumerateArray() : [json.Member("input")],
        _ => json.Member("messages").Items(),
    };

    private string? Bearer => Header("Authorization") is { } value && value.StartsWith("Bearer ", StringComparison.Ordinal) ? value[7..] : null;

    private string? Header(string name) => request.Headers.TryGetValue(name, out var value) ? value.ToString() : null;

    /// <summary>A turn's texts in their order: a string, or the text of its parts, tools' results included.</summary>
    private static IEnumerable<string> TextsOf(JsonElement element) => element.ValueKind switch
    {
        JsonValueKind.String => [element.GetString()!],
        JsonValueKind.Array => element.EnumerateArray().SelectMany(TextsOf),
        JsonValueKind.Object => new[] { "content", "parts", "text", "output" }.SelectMany(name => TextsOf(element.Member(name))),
        _ => [],
    };

    private static string Text(JsonElement element) => element.ValueKind == JsonValueKind.String ? element.GetString()! : "";

    private static long? Number(JsonElement element) => element.ValueKind == JsonValueKind.Number && element.TryGetInt64(out var number) ? number : null;

    private static long Numbers(JsonElement element) => element.ValueKind == JsonValueKind.Number ? 1 : element.Items().Sum(Numbers);
}
