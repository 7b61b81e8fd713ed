using System.Globalization;
using System.Text.Json;

namespace LlmGateway.Cli.Output;

/// <summary>JSON values as people read them.</summary>
internal static class Cell
{
    public const string Empty = "-";

    public static string Text(this JsonElement element, string name) => element.GetProperty(name) switch
    {
        { ValueKind: JsonValueKind.Null } => Empty,
        { ValueKind: JsonValueKind.String } text => text.GetString() is { Length: > 0 } value ? value : Empty,
        var other => other.GetRawText(),
    };

    /// <summary>UTC, to the minute.</summary>
    public static string Time(this JsonElement element, string name) => element.GetProperty(name) is { ValueKind: JsonValueKind.String } time
        ? time.GetDateTimeOffset().UtcDateTime.ToString("yyyy-MM-dd HH:mm", CultureInfo.InvariantCulture)
        : Empty;

    public static string List(this JsonElement element, string name) =>
        string.Join(", ", element.GetProperty(name).EnumerateArray().Select(item => item.GetString())) is { Length: > 0 } text ? text : Empty;
}
