using System.Globalization;
using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Http;

namespace LlmGateway.FakeProvider;

/// <summary>OpenAI's JSON, field by field as api.openai.com sends it.</summary>
internal sealed class ChatWire(ProviderCall call)
{
    private const long Created = 1_763_683_200;

    private string Head { get; } =
        $"\"id\":\"chatcmpl-fake{call.Id.ToString(CultureInfo.InvariantCulture)}\",\"object\":\"{(call.Stream ? "chat.completion.chunk" : "chat.completion")}\","
        + string.Create(CultureInfo.InvariantCulture, $"\"created\":{Created},\"model\":{Quote(call.Model + "-2026-01-01")}");

    public static string ContentDelta(string text) => $$"""{"content":{{Quote(text)}}}""";

    public string Chunk(string delta, string? finish, string? usage) =>
        $$"""{{{Head}},"service_tier":"default","system_fingerprint":"fp_fake","choices":[{"index":0,"delta":{{delta}},"logprobs":null,"finish_reason":{{Quote(finish)}}}],"usage":{{usage ?? "null"}},"obfuscation":"x1y2"}""";

    public string UsageChunk(string usage) =>
        $$"""{{{Head}},"service_tier":"default","system_fingerprint":"fp_fake","choices":[],"usage":{{usage}},"obfuscation":""}""";

    public string Completion(string text, string finish, string? usage) =>
        $$"""
        {
          {{Head}},
          "choices": [
            {
              "index": 0,
              "message": {"role": "assistant", "content": {{Quote(text)}}, "refusal": null, "annotations": []},
              "logprobs": null,
              "finish_reason": {{Quote(finish)}}
            }
          ],{{(usage is null ? "" : $"\n  \"usage\": {usage},")}}
          "service_tier": "default",
          "system_fingerprint": "fp_fake"
        }

        """;

    public string Usage(Script script) => string.Create(CultureInfo.InvariantCulture,
        $$$"""
        {"prompt_tokens":{{{call.PromptTokens}}},"completion_tokens":{{{call.CompletionTokens}}},"total_tokens":{{{call.PromptTokens + call.CompletionTokens}}},"prompt_tokens_details":{"cached_tokens":{{{call.CachedTokens}}},"audio_tokens":0},"completion_tokens_details":{"reasoning_tokens":{{{script.ReasoningTokens}}},"audio_tokens":0,"accepted_prediction_tokens":0,"rejected_prediction_tokens":0}}
        """);

    public static string Error(string message, string type, string? param, string? code) =>
        $$$"""{"error":{"message":{{{Quote(message)}}},"type":{{{Quote(type)}}},"param":{{{Quote(param)}}},"code":{{{Quote(code)}}}}}""";

    public static string Models(IEnumerable<string> names) =>
        """{"object":"list","data":["""
        + string.Join(',', names.Select(name => string.Create(CultureInfo.InvariantCulture, $$$"""{"id":{{{Quote(name)}}},"object":"model","created":{{{Created}}},"owned_by":"fake"}""")))
        + "]}";

    public static Task WriteJsonAsync(HttpContext context, string json)
    {
        context.Response.ContentType = "application/json";
        return context.Response.Body.WriteAsync(Encoding.UTF8.GetBytes(json), context.RequestAborted).AsTask();
    }

    public static Task WriteErrorAsync(HttpContext context, Script script)
    {
        context.Response.StatusCode = script.Status;
        context.Response.ContentType = script.ContentType;
        if (script.RetryAfter is { } retryAfter)
        {
            context.Response.Headers.RetryAfter = retryAfter;
        }

        return context.Response.Body.WriteAsync(Encoding.UTF8.GetBytes(script.Body ?? ""), context.RequestAborted).AsTask();
    }

    private static string Quote(string? text) => text is null ? "null" : JsonSerializer.Serialize(text, JsonSerializerOptions.Default);
}
