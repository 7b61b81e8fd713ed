using System.Text.Json;
using LlmGateway.Routing.Dialects;

namespace LlmGateway.Routing.Providers.Gemini;

/// <summary>
/// A chat's messages as systemInstruction and contents. There are two roles there, and no empty parts; neighbours of one role are one turn; what
/// tools answered follows the turn that called them, as many answers as calls, by the functions' names:
/// <code>
/// {"role":"model","parts":[{"functionCall":{"id":"call_1","name":"f","args":{}},"thoughtSignature":"…"}]},
/// {"role":"user","parts":[{"functionResponse":{"id":"call_1","name":"f","response":{"output":"42"}}}]}
/// </code>
/// </summary>
/// <param name="json">Where to.</param>
/// <param name="model">What it can do.</param>
/// <param name="at">Told which field is being read.</param>
internal sealed class GeminiContents(Utf8JsonWriter json, GeminiModel model, Action<string> at)
{
    // Stands for a signature that got lost on the way: ai.google.dev/gemini-api/docs/thought-signatures.
    private const string NoSignature = "skip_thought_signature_validator";

    private readonly List<string> _system = [];
    private string? _role;

    public void Write(JsonElement messages)
    {
        if (messages.ValueKind != JsonValueKind.Array)
        {
            throw new FieldException("messages", "an array");
        }

        var list = messages.EnumerateArray().ToList();
        ReadSystem(list);
        var others = list.Any(message => Role(message, "messages") is not ("system" or "developer"));
        if (model.SystemInstruction && others && _system.Count > 0)
        {
            json.WriteStartObject("systemInstruction"u8);
            json.WriteStartArray("parts"u8);
            _system.ForEach(text => GeminiParts.Text(json, text));
            json.WriteEndArray();
            json.WriteEndObject();
            _system.Clear();
        }

        json.WriteStartArray("contents"u8);
        // For Gemma, which knows no instruction, and for a conversation of nothing else.
        _system.ForEach(Text("user"));
        for (var index = 0; index < list.Count; index++)
        {
            index += Message(list, index);
        }

        Close();
        json.WriteEndArray();
    }

    private void ReadSystem(List<JsonElement> list)
    {
        for (var index = 0; index < list.Count; index++)
        {
            if (Role(list[index], $"messages[{index}]") is "system" or "developer")
            {
                ForEachText(list[index], $"messages[{index}].content", _system.Add);
            }
        }
    }

    /// <returns>How many of the messages after it went with it.</returns>
    private int Message(List<JsonElement> list, int index)
    {
        var place = $"messages[{index}]";
        at(place);
        switch (Role(list[index], place))
        {
            case "system" or "developer":
                return 0;
            case "user":
                User(list[index], place + ".content");
                return 0;
            case "assistant":
                return Assistant(list, index, place);
            case "tool":
                throw new FieldException(place, "after the assistant's message whose tool call it answers");
            case "function":
                throw new FieldException(place + ".role", null);
            default:
                throw new FieldException(place + ".role", "system, developer, user, assistant or tool");
        }
    }

    private void User(JsonElement message, string place)
    {
        var content = Content(message);
        if (content.ValueKind != JsonValueKind.Array)
        {
            ForEachText(message, place, Text("user"));
            return;
        }

        var part = 0;
        foreach (var item in content.EnumerateArray())
        {
            if (!GeminiParts.IsEmptyText(item))
            {
                Turn("user");
                GeminiParts.Write(json, item, $"{place}[{part}]");
            }

            part++;
        }
    }

    private int Assistant(List<JsonElement> list, int index, string place)
    {
        var message = list[index];
        if (Content(message).ValueKind is not (JsonValueKind.Null or JsonValueKind.Undefined))
        {
            ForEachText(message, place + ".content", Text("model"));
        }

        if (message.TryGetProperty("function_call"u8, out var old) && old.ValueKind != JsonValueKind.Null)
        {
            throw new FieldException(place + ".function_call", null);
        }

        if (!message.TryGetProperty("tool_calls"u8, out var value) || value.ValueKind == JsonValueKind.Null)
        {
            return 0;
        }

        if (value.ValueKind != JsonValueKind.Array)
        {
            throw new FieldException(place + ".tool_calls", "an array");
        }

        var calls = value.EnumerateArray().Select((call, number) => GeminiCall.Read(call, $"{place}.tool_calls[{number}]")).ToList();
        foreach (var (call, number) in calls.Select((call, number) => (call, number)))
        {
            at($"{place}.tool_calls[{number}].function.arguments");
            Turn("model");
            call.Write(json, call.Signature ?? (number == 0 && model.ChecksSignatures ? NoSignature : null));
        }

        return Results(list, index, calls, place);
    }

    /// <summary>What the tools answered, in the order of the calls, as a turn of its own.</summary>
    private int Results(List<JsonElement> list, int index, List<GeminiCall> calls, string place)
    {
        if (calls.Count == 0)
        {
            return 0;
        }

        var results = new int[calls.Count];
        var count = 0;
        while (index + count + 1 < list.Count && Role(list[index + count + 1], $"messages[{index + count + 1}]") == "tool")
        {
            count++;
            var field = $"messages[{index + count}].tool_call_id";
            var message = list[index + count];
            var id = message.TryGetProperty("tool_call_id"u8, out var written) && written.ValueKind == JsonValueKind.String ? written.GetString() : null;
            var call = Enumerable.Range(0, calls.Count).FirstOrDefault(number => results[number] == 0 && calls[number].Id == id, -1);
            results[call >= 0 ? call : throw new FieldException(field, "the id of a tool call before it that has no answer yet")] = index + count;
        }

        if (count != calls.Count)
        {
            throw new FieldException(place + ".tool_calls", "followed by a message of the role tool for each of its ids");
        }

        Close();
        Turn("user");
        for (var number = 0; number < calls.Count; number++)
        {
            var text = new List<string>();
            ForEachText(list[results[number]], $"messages[{results[number]}].content", text.Add);
            var isError = list[results[number]].TryGetProperty("is_error"u8, out var failed) && failed.ValueKind == JsonValueKind.True;
            calls[number].WriteResult(json, string.Concat(text), isError);
        }

        // Their turn has nothing else in it.
        Close();
        return count;
    }

    private Action<string> Text(string role) => text =>
    {
        Turn(role);
        GeminiParts.Text(json, text);
    };

    private void Turn(string role)
    {
        if (_role == role)
        {
            return;
        }

        Close();
        json.WriteStartObject();
        json.WriteString("role"u8, role);
        json.WriteStartArray("parts"u8);
        _role = role;
    }

    private void Close()
    {
        if (_role is not null)
        {
            json.WriteEndArray();
            json.WriteEndObject();
            _role = null;
        }
    }

    /// <summary>Text, or parts that are nothing but text. Empty ones are passed over.</summary>
    private static void ForEachText(JsonElement message, string place, Action<string> take)
    {
        var content = Content(message);
        if (content.ValueKind == JsonValueKind.String)
        {
            Take(content.GetString()!);
            return;
        }

        if (content.ValueKind != JsonValueKind.Array)
        {
            throw new FieldException(place, "a string or an array of parts");
        }

        var index = 0;
        foreach (var part in content.EnumerateArray())
        {
            Take(GeminiParts.TextOf(part) ?? throw new FieldException($"{place}[{index}]", "a part of text"));
            index++;
        }

        void Take(string text)
        {
            if (text.Length > 0)
            {
                take(text);
            }
        }
    }

    private static JsonElement Content(JsonElement message) => message.TryGetProperty("content"u8, out var content) ? content : default;

    private static string Role(JsonElement message, string place) =>
        message.ValueKind == JsonValueKind.Object && message.TryGetProperty("role"u8, out var role) && role.ValueKind == JsonValueKind.String
            ? role.GetString()!
            : throw new FieldException(place, "an object with a role");
}
