using System.Text.Json;

namespace LlmGateway.Routing.Providers.Mock;

/// <summary>What a request asks for beside text.</summary>
internal readonly struct MockAsk(JsonElement request)
{
    private static readonly JsonElement Anything = JsonDocument.Parse("""{"type":"object"}""").RootElement;

    /// <summary>Of the answer; null where it is text.</summary>
    public JsonElement? Schema => Member(request, "response_format") is { ValueKind: JsonValueKind.Object } format
        ? Text(format, "type") switch
        {
            "json_schema" => Member(Member(format, "json_schema"), "schema") is { ValueKind: JsonValueKind.Object } schema ? schema : Anything,
            "json_object" => Anything,
            _ => null,
        }
        : null;

    /// <summary>
    /// The functions to call, each with its parameters' schema: as many as the script says, the tools in turn; one where tool_choice demands it. None
    /// after a tool's result, or a conversation would never end.
    /// </summary>
    public List<(string Name, JsonElement Parameters)> Calls(int? scripted)
    {
        var choice = Member(request, "tool_choice");
        var named = Text(Member(choice, "function"), "name");
        var isForced = named is not null || (choice.ValueKind == JsonValueKind.String && choice.ValueEquals("required"));
        var count = scripted ?? (isForced ? 1 : 0);
        if (Member(request, "parallel_tool_calls").ValueKind == JsonValueKind.False)
        {
            count = Math.Min(count, 1);
        }

        var functions = Items(Member(request, "tools")).Select(tool => Member(tool, "function"))
            .Where(function => Text(function, "name") is { } name && (named is null || name == named)).ToList();
        if (functions.Count == 0 || (choice.ValueKind == JsonValueKind.String && choice.ValueEquals("none"))
            || Text(Items(Member(request, "messages")).LastOrDefault(), "role") is "tool")
        {
            return [];
        }

        return [.. Enumerable.Range(0, count).Select(index => functions[index % functions.Count]).Select(function =>
            (Text(function, "name")!, Member(function, "parameters") is { ValueKind: JsonValueKind.Object } parameters ? parameters : Anything))];
    }

    private static JsonElement Member(JsonElement parent, string name) =>
        parent.ValueKind == JsonValueKind.Object && parent.TryGetProperty(name, out var value) ? value : default;

    private static string? Text(JsonElement parent, string name) =>
        Member(parent, name) is { ValueKind: JsonValueKind.String } value ? value.GetString() : null;

    private static JsonElement[] Items(JsonElement array) => array.ValueKind == JsonValueKind.Array ? [.. array.EnumerateArray()] : [];
}
