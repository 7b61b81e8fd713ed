using System.Text.Json;

namespace LlmGateway.ServiceDefaults;

/// <summary>A list in one setting: <c>a, b</c> or <c>["a", "b"]</c>.</summary>
public static class StringList
{
    /// <summary>Trimmed, without empty elements; null when it is neither form.</summary>
    public static IReadOnlyList<string>? Parse(string text)
    {
        if (!text.TrimStart().StartsWith('['))
        {
            return text.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
        }

        try
        {
            var elements = JsonSerializer.Deserialize<string?[]>(text) ?? [];
            return [.. elements.Select(element => element?.Trim()).OfType<string>().Where(element => element.Length > 0)];
        }
        catch (JsonException)
        {
            return null;
        }
    }
}
