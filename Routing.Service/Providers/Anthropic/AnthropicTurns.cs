using System.Text.Json;
using LlmGateway.Routing.Dialects;

namespace LlmGateway.Routing.Providers.Anthropic;

/// <summary>
/// A chat's messages as a system prompt and turns that alternate, beginning with the user's. What one side says in several messages becomes
/// one turn; the results of tools come first in theirs, all together, as Anthropic demands.
/// </summary>
internal sealed class AnthropicTurns
{
    private readonly AnthropicDraft _draft;
    private readonly List<Message> _system = [];
    private readonly List<Message> _turns = [];

    public AnthropicTurns(AnthropicDraft draft, JsonElement root)
    {
        _draft = draft;
        if (root.Member("messages"u8) is { ValueKind: JsonValueKind.Array } messages)
        {
            Sort([.. messages.EnumerateArray().Select((message, index) => new Message(message, index, SideOf(message, index)))]);
        }
        else
        {
            draft.Invalid("messages", "must be an array");
        }
    }

    private enum Side
    {
        None,
        System,
        User,
        Tool,
        Assistant,
    }

    /// <summary>The last message is the beginning of the answer, or the model's last word.</summary>
    public bool EndsWithAssistant => _turns is [.., { Side: Side.Assistant, ToolCalls: null }];

    /// <summary>
    /// Tools were called by a turn that comes without its thinking, as clients of OpenAI send it back: with a thinking budget Anthropic refuses that
    /// ("Expected `thinking` or `redacted_thinking`, but found `tool_use`").
    /// </summary>
    public bool HasLostThinking => _turns.FindLast(static turn => turn.Side == Side.Assistant) is { ToolCalls: not null } last
        && !AnthropicToolCalls.HasThinking(last.Json);

    public void WriteSystem()
    {
        if (_system.Count == 0 && _draft.Instructions.Count == 0)
        {
            return;
        }

        _draft.Json.WriteStartArray("system"u8);
        WriteContents(_system);
        foreach (var instruction in _draft.Instructions)
        {
            WriteText(instruction);
        }

        _draft.Json.WriteEndArray();
    }

    public void WriteMessages()
    {
        _draft.Json.WriteStartArray("messages"u8);
        if (_turns is not [{ Side: Side.User or Side.Tool }, ..])
        {
            // A conversation that a system prompt or an assistant begins: Anthropic's begin with the user.
            WritePlaceholder(".");
        }

        for (var start = 0; start < _turns.Count;)
        {
            var role = _turns[start].Role;
            var end = _turns.FindIndex(start, turn => turn.Role != role);
            end = end < 0 ? _turns.Count : end;
            WriteTurn(role, _turns[start..end], isLast: end == _turns.Count);
            start = end;
        }

        if (EndsWithAssistant && !_draft.TakesPrefill)
        {
            // OpenAI's models answer after their own last word; these refuse the request.
            WritePlaceholder("Continue.");
        }

        _draft.Json.WriteEndArray();
    }

    private void Sort(List<Message> messages)
    {
        messages.RemoveAll(static message => message.Side == Side.None || IsEmpty(message));
        var before = Side.None;
        for (var start = 0; start < messages.Count;)
        {
            var side = messages[start].Side;
            var end = messages.FindIndex(start, message => message.Side != side);
            end = end < 0 ? messages.Count : end;

            // In its place a later instruction leaves the prompt's cache alone. It must stand between the user's turn and the answer.
            var isHoisted = side == Side.System && !(_draft.Model.TakesSystemTurns && before is Side.User or Side.Tool
                && (end == messages.Count || messages[end].Side == Side.Assistant));
            (isHoisted ? _system : _turns).AddRange(messages[start..end]);
            before = isHoisted ? before : side;
            start = end;
        }
    }

    private Side SideOf(JsonElement message, int index)
    {
        var role = message.Member("role"u8);
        if (role.Is("user"u8))
        {
            return Side.User;
        }

        if (role.Is("assistant"u8))
        {
            return Side.Assistant;
        }

        if (role.Is("tool"u8))
        {
            return Side.Tool;
        }

        if (role.Is("system"u8) || role.Is("developer"u8))
        {
            return Side.System;
        }

        if (role.Is("function"u8))
        {
            _draft.Unsupported($"messages[{index}].role");
        }
        else
        {
            _draft.Invalid($"messages[{index}].role", "must be system, developer, user, assistant or tool");
        }

        return Side.None;
    }

    private static bool IsEmpty(Message message) => message.Side switch
    {
        Side.Tool => false,
        Side.Assistant when message.ToolCalls is not null => false,
        Side.Assistant when message.Content is null => message.Json.Member("refusal"u8) is null,
        _ => message.Content is { } content && AnthropicParts.IsEmpty(content),
    };

    private void WriteTurn(string role, List<Message> messages, bool isLast)
    {
        _draft.Json.WriteStartObject();
        _draft.Json.WriteString("role"u8, role);
        _draft.Json.WriteStartArray("content"u8);
        foreach (var message in messages.Where(static message => message.Side == Side.Tool))
        {
            WriteToolResult(message);
        }

        foreach (var message in messages.Where(static message => message.Side == Side.Assistant))
        {
            WriteAssistant(message, isPrefill: isLast && message == messages[^1] && _draft.TakesPrefill);
        }

        WriteContents(messages.Where(static message => message.Side is Side.User or Side.System));
        _draft.Json.WriteEndArray();
        _draft.Json.WriteEndObject();
    }

    private void WriteContents(IEnumerable<Message> messages)
    {
        foreach (var message in messages)
        {
            AnthropicParts.Write(_draft, message.Content ?? default, () => $"messages[{message.Index}].content", message.Json.Member("cache_control"u8));
        }
    }

    private void WriteAssistant(Message message, bool isPrefill)
    {
        var calls = message.ToolCalls;
        var cache = message.Json.Member("cache_control"u8);
        if (_draft.Model.Thinking != AnthropicThinking.None)
        {
            AnthropicToolCalls.WriteThinking(_draft, message.Json);
        }

        if ((message.Content ?? message.Json.Member("refusal"u8)) is { } content)
        {
            AnthropicParts.Write(
                _draft, content, () => $"messages[{message.Index}].content", calls is null ? cache : null, trimEnd: isPrefill && calls is null);
        }

        if (calls is { } toolCalls)
        {
            AnthropicToolCalls.Write(_draft, toolCalls, message.Index, cache);
        }
    }

    // {"type":"tool_result","tool_use_id":"toolu_1","content":"…" or blocks,"is_error":true}
    private void WriteToolResult(Message message)
    {
        _draft.Json.WriteStartObject();
        _draft.Json.WriteString("type"u8, "tool_result"u8);
        AnthropicToolCalls.WriteId(_draft, "tool_use_id"u8, message.Json.Member("tool_call_id"u8), () => $"messages[{message.Index}].tool_call_id");
        if (message.Content is { } content && !AnthropicParts.IsEmpty(content))
        {
            _draft.Json.WriteStartArray("content"u8);
            AnthropicParts.Write(_draft, content, () => $"messages[{message.Index}].content");
            _draft.Json.WriteEndArray();
        }

        if (message.Json.Member("is_error"u8) is { ValueKind: JsonValueKind.True })
        {
            _draft.Json.WriteBoolean("is_error"u8, true);
        }

        AnthropicParts.WriteCache(_draft, message.Json, null);
        _draft.Json.WriteEndObject();
    }

    private void WritePlaceholder(string text)
    {
        _draft.Json.WriteStartObject();
        _draft.Json.WriteString("role"u8, "user"u8);
        _draft.Json.WriteStartArray("content"u8);
        WriteText(text);
        _draft.Json.WriteEndArray();
        _draft.Json.WriteEndObject();
    }

    private void WriteText(string text)
    {
        _draft.Json.WriteStartObject();
        _draft.Json.WriteString("type"u8, "text"u8);
        _draft.Json.WriteString("text"u8, text);
        _draft.Json.WriteEndObject();
    }

    private readonly record struct Message(JsonElement Json, int Index, Side Side)
    {
        public JsonElement? Content => Json.Member("content"u8);

        public JsonElement? ToolCalls =>
            Json.Member("tool_calls"u8) is { } calls && !(calls.IsArray() && calls.GetArrayLength() == 0) ? calls : null;

        public string Role => Side switch
        {
            Side.Assistant => "assistant",
            Side.System => "system",
            _ => "user",
        };
    }
}
