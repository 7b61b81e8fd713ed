using System.Text.Json;
using System.Text.RegularExpressions;

namespace LlmGateway.FakeProvider;

/// <summary>
/// What Anthropic checks of system and messages. Turns of one role that follow each other are one turn, as Anthropic merges them, and
/// a place in a message ("messages.2.content.0") is that of the request.
/// </summary>
internal sealed partial class AnthropicTurns(JsonElement body, AnthropicModel model, Signatures signatures)
{
    private static readonly Dictionary<string, string[]> Blocks = new()
    {
        ["text"] = ["text", "citations"],
        ["image"] = ["source"],
        ["document"] = ["source", "title", "context", "citations"],
        ["thinking"] = ["thinking", "signature"],
        ["redacted_thinking"] = ["data"],
        ["tool_use"] = ["id", "name", "input", "caller"],
        ["tool_result"] = ["tool_use_id", "content", "is_error"],
        ["search_result"] = ["source", "title", "content", "citations"],
    };

    public string? Find()
    {
        var messages = body.Member("messages").EnumerateArray().ToList();
        if (messages.Count == 0)
        {
            return "messages: at least one message is required";
        }

        if (body.Has("system") && Content("system", body.Member("system"), "system") is { } wrong)
        {
            return wrong;
        }

        for (var index = 0; index < messages.Count; index++)
        {
            if (Message($"messages.{index}", messages[index], index, messages.Count) is { } said)
            {
                return said;
            }
        }

        if (messages[0].Text("role") != "user")
        {
            return "messages: first message must use the \"user\" role";
        }

        var marks = body.GetRawText().Split("\"cache_control\"", StringSplitOptions.None).Length - 1;
        return marks > 4 ? $"A maximum of 4 blocks with cache_control may be provided. Found {marks}." : Pairs(messages) ?? Ending(messages);
    }

    private string? Message(string place, JsonElement message, int index, int count)
    {
        var role = message.Text("role");
        if (role is not ("user" or "assistant") && !(role == "system" && model.TakesSystemTurns && index > 0))
        {
            return $"{place}.role: Input should be 'user' or 'assistant'";
        }

        if (message.Members().FirstOrDefault(member => member.Name is not ("role" or "content")) is { Value.ValueKind: not JsonValueKind.Undefined } unknown)
        {
            return $"{place}.{unknown.Name}: Extra inputs are not permitted";
        }

        var content = message.Member("content");
        var empty = content.ValueKind switch
        {
            JsonValueKind.String => content.GetString()!.Length == 0,
            JsonValueKind.Array => content.GetArrayLength() == 0,
            _ => false,
        };
        return empty && !(role == "assistant" && index == count - 1)
            ? $"{place}: all messages must have non-empty content except for the optional final assistant message"
            : Content(place + ".content", content, role);
    }

    private string? Content(string place, JsonElement content, string role)
    {
        if (content.ValueKind == JsonValueKind.String)
        {
            return role == "system" && content.GetString()!.Length == 0 ? "system: text content blocks must be non-empty" : null;
        }

        if (content.ValueKind != JsonValueKind.Array)
        {
            return $"{place}: Input should be a valid list";
        }

        return content.EnumerateArray().Select((block, index) => BlockOf($"{place}.{index}", block, role)).FirstOrDefault(said => said is not null);
    }

    private string? BlockOf(string place, JsonElement block, string role)
    {
        var type = block.Text("type");
        if (!Blocks.TryGetValue(type, out var fields))
        {
            return type.StartsWith("server_", StringComparison.Ordinal) || type.EndsWith("_tool_result", StringComparison.Ordinal) ? null
                : $"{place}: Input tag '{type}' found using 'type' does not match any of the expected tags: {string.Join(", ", Blocks.Keys.Select(tag => $"'{tag}'"))}";
        }

        if (block.Members().FirstOrDefault(member => member.Name is not ("type" or "cache_control") && !fields.Contains(member.Name))
            is { Value.ValueKind: not JsonValueKind.Undefined } unknown)
        {
            return $"{place}.{type}.{unknown.Name}: Extra inputs are not permitted";
        }

        return type switch
        {
            "text" when block.Text("text").Length == 0 => (role == "system" ? "system" : "messages") + ": text content blocks must be non-empty",
            "text" when string.IsNullOrWhiteSpace(block.Text("text")) => (role == "system" ? "system" : "messages") + ": text content blocks must contain non-whitespace text",
            "image" => Image(place, block.Member("source")),
            "document" or "tool_result" when role != "user" => $"{place}: `{type}` blocks are only allowed in user messages",
            "tool_use" or "thinking" or "redacted_thinking" when role != "assistant" => $"{place}: `{type}` blocks are only allowed in assistant messages",
            "tool_use" when !Id().IsMatch(block.Text("id")) => $"{place}.tool_use.id: String should match pattern '^[a-zA-Z0-9_-]+$'",
            "tool_use" when block.Member("input").ValueKind != JsonValueKind.Object => $"{place}.tool_use.input: Input should be a valid dictionary",
            "thinking" when !signatures.Knows(block.Text("signature")) => $"{place}: Invalid `signature` in `thinking` block",
            "tool_result" when block.Member("content").ValueKind == JsonValueKind.Array => Content(place + ".tool_result.content", block.Member("content"), role),
            _ => null,
        };
    }

    private static string? Image(string place, JsonElement source) => source.Text("type") switch
    {
        "base64" when source.Text("media_type") is not ("image/jpeg" or "image/png" or "image/gif" or "image/webp") =>
            $"{place}.image.source.base64.media_type: Input should be 'image/jpeg', 'image/png', 'image/gif' or 'image/webp'",
        "base64" when !Convert.TryFromBase64String(source.Text("data"), new byte[source.Text("data").Length], out _) =>
            $"{place}.image.source.base64: invalid base64 data",
        "url" when !source.Text("url").StartsWith("https://", StringComparison.Ordinal) => $"{place}.image.source.url.url: Only HTTPS URLs are supported.",
        "base64" or "url" or "file" => null,
        var other => $"{place}.image.source: Input tag '{other}' found using 'type' does not match any of the expected tags: 'base64', 'url', 'file'",
    };

    /// <summary>Each call has its result at the start of the turn that follows, and each result its call in the turn before.</summary>
    private static string? Pairs(List<JsonElement> messages)
    {
        var asked = new List<string>();
        var answered = new List<string>();
        var spoken = false;
        var role = "";
        for (var index = 0; index <= messages.Count; index++)
        {
            var next = index < messages.Count ? messages[index].Text("role") : "end";
            if (next != role)
            {
                if (role == "user" && asked.Except(answered).ToList() is { Count: > 0 } missing)
                {
                    return Unanswered(index - 1, missing);
                }

                if (role == "user")
                {
                    asked.Clear();
                }

                answered.Clear();
                spoken = false;
                if (next == "end" && asked.Count > 0)
                {
                    return Unanswered(index - 1, asked);
                }

                role = next;
            }

            var blocks = index < messages.Count ? messages[index].Member("content").Items().ToList() : [];
            spoken |= index < messages.Count && messages[index].Member("content").ValueKind == JsonValueKind.String;
            for (var at = 0; at < blocks.Count; at++)
            {
                switch (blocks[at].Text("type"))
                {
                    case "tool_use" when asked.Contains(blocks[at].Text("id")):
                        return $"messages.{index}.content.{at}: `tool_use` ids must be unique";
                    case "tool_use":
                        asked.Add(blocks[at].Text("id"));
                        break;
                    case "tool_result" when !asked.Contains(blocks[at].Text("tool_use_id")):
                        return $"messages.{index}.content.{at}: unexpected `tool_use_id` found in `tool_result` blocks: {blocks[at].Text("tool_use_id")}. "
                            + "Each `tool_result` block must have a corresponding `tool_use` block in the previous message.";
                    case "tool_result" when answered.Contains(blocks[at].Text("tool_use_id")):
                        return $"messages.{index}.content.{at}: each tool_use must have a single result. Found multiple `tool_result` blocks with id: {blocks[at].Text("tool_use_id")}";
                    case "tool_result" when spoken:
                        return $"messages.{index}: `tool_use` ids were found without `tool_result` blocks immediately after: {blocks[at].Text("tool_use_id")}.";
                    case "tool_result":
                        answered.Add(blocks[at].Text("tool_use_id"));
                        break;
                    default:
                        spoken = true;
                        break;
                }
            }
        }

        return null;
    }

    private static string Unanswered(int index, List<string> ids) =>
        $"messages.{index}: `tool_use` ids were found without `tool_result` blocks immediately after: {string.Join(", ", ids)}. "
        + "Each `tool_use` block must have a corresponding `tool_result` block in the next message.";

    private string? Ending(List<JsonElement> messages)
    {
        var last = messages[^1];
        var text = last.Member("content").ValueKind == JsonValueKind.String ? last.Text("content") : last.Member("content").Items().LastOrDefault().Text("text");
        if (last.Text("role") == "assistant" && text.Length > 0 && char.IsWhiteSpace(text[^1]))
        {
            return "messages: final assistant content cannot end with trailing whitespace";
        }

        if (body.Member("thinking").Text("type") != "enabled")
        {
            return null;
        }

        // With a budget the assistant's turn that the model goes on from begins with its thinking.
        var turn = messages.FindLastIndex(message => message.Text("role") == "assistant");
        var after = messages.FindLastIndex(message => message.Text("role") == "user" && message.Member("content").Items().FirstOrDefault().Text("type") != "tool_result");
        var first = turn < 0 ? default : messages[turn].Member("content").Items().FirstOrDefault();
        return turn > after && first.Text("type") is var type and not ("thinking" or "redacted_thinking")
            ? $"messages.{turn}.content.0.type: Expected `thinking` or `redacted_thinking`, but found `{(type.Length > 0 ? type : "text")}`. When `thinking` is enabled, a final `assistant` message must start with a thinking block (preceeding the lastmost set of `tool_use` and `tool_result` blocks). To avoid this requirement, disable `thinking`."
            : null;
    }

    [GeneratedRegex("^[a-zA-Z0-9_-]+$", RegexOptions.None, 1000)]
    private static partial Regex Id();
}
