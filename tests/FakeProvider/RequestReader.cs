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
        _ => Number(json.Member("max_completion_tokens")) ?? Number(json.Member("max_tokens")),
    };

    public string? Key => endpoint switch
    {
        Endpoint.Messages or Endpoint.CountTokens => Header("x-api-key") ?? Bearer,
        Endpoint.GenerateContent or Endpoint.EmbedContents => Header("x-goog-api-key") ?? (request.Query.TryGetValue("key", out var key) ? key.ToString() : null),
        _ => Bearer ?? Header("api-key"),
    };

    public IReadOnlyList<string> Texts => [.. Turns.SelectMany(TextsOf), .. TextsOf(json.Member("system")), .. TextsOf(json.Member("systemInstruction"))];

    public string? Prefill => Turns.LastOrDefault() is { ValueKind: JsonValueKind.Object } last && Text(last.Member("role")) is "assistant" or "model"
        ? string.Concat(TextsOf(last))
        : null;

    private IEnumerable<JsonElement> Turns =>
        (endpoint is Endpoint.GenerateContent ? json.Member("contents") : json.Member("messages")).Items();

    private string? Bearer => Header("Authorization") is { } value && value.StartsWith("Bearer ", StringComparison.Ordinal) ? value[7..] : null;

    private string? Header(string name) => request.Headers.TryGetValue(name, out var value) ? value.ToString() : null;

    /// <summary>A turn's texts in their order: a string, or the text of its parts, tools' results included.</summary>
    private static IEnumerable<string> TextsOf(JsonElement element) => element.ValueKind switch
    {
        JsonValueKind.String => [element.GetString()!],
        JsonValueKind.Array => element.EnumerateArray().SelectMany(TextsOf),
        JsonValueKind.Object => new[] { "content", "parts", "text" }.SelectMany(name => TextsOf(element.Member(name))),
        _ => [],
    };

    private static string Text(JsonElement element) => element.ValueKind == JsonValueKind.String ? element.GetString()! : "";

    private static long? Number(JsonElement element) => element.ValueKind == JsonValueKind.Number ? element.GetInt64() : null;
}
