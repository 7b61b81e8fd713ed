using System.Text.Json;
using LlmGateway.Routing.Dialects;

namespace LlmGateway.Routing.Providers.OpenAi;

/// <summary>Which of OpenAI's APIs serves a chat request to one of its models.</summary>
internal static class ResponsesModel
{
    /// <summary>
    /// Functions beside an effort that /v1/chat/completions refuses, by <see cref="OpenAiModel.ToolRule"/>. A conversation that has items of
    /// Responses goes on there too.
    /// </summary>
    public static bool NeedsResponses(string model, ChatRequest chat)
    {
        if (OpenAiModel.Of(model)?.Tools is not { } rule || rule == OpenAiModel.ToolRule.Free)
        {
            return false;
        }

        if (chat.Body.Span.IndexOf("\"reasoning_items\""u8) >= 0)
        {
            return true;
        }

        var (hasTools, effort) = Read(chat.Body.Span);
        return hasTools && effort != OpenAiModel.NoEffort && (effort is not null || rule == OpenAiModel.ToolRule.NoneAlways);
    }

    /// <summary>Models that think: they take no temperature, and their reasoning can be sent back to them.</summary>
    public static bool Reasons(string model) => OpenAiModel.Of(model) is not null || model.StartsWith("codex", StringComparison.Ordinal);

    private static (bool HasTools, string? Effort) Read(ReadOnlySpan<byte> chat)
    {
        var (hasTools, effort) = (false, (string?)null);
        var reader = new Utf8JsonReader(chat);
        reader.Read();
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var (isTools, isEffort) = (reader.ValueTextEquals("tools"u8), reader.ValueTextEquals("reasoning_effort"u8));
            reader.Read();
            hasTools |= isTools && reader.TokenType == JsonTokenType.StartArray;
            effort = isEffort && reader.TokenType == JsonTokenType.String ? reader.GetString() : effort;
            reader.Skip();
        }

        return (hasTools, effort);
    }
}
