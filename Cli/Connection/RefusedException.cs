using System.Net;
using System.Text.Json;

namespace LlmGateway.Cli.Connection;

/// <summary>The gateway's own error: <c>{ "error": { "message", "param", "code", "metadata" } }</c>.</summary>
internal sealed class RefusedException(string message, string? code, JsonElement metadata) : FailedException(message)
{
    // In USD.
    private static readonly string[] Amounts = ["available", "balance", "held", "paid", "refunded"];

    public string? Code => code;

    public JsonElement Metadata => metadata;

    /// <summary>The gateway could not do it, or what answered is no gateway: what became of a change is not known.</summary>
    public bool IsOfServer { get; init; }

    /// <summary>Null where the text is not an error of the gateway's.</summary>
    public static RefusedException? Read(HttpStatusCode status, string text)
    {
        try
        {
            var error = JsonElement.Parse(text).GetProperty("error");
            var message = error.GetProperty("message").GetString()!;
            var param = error.GetProperty("param").GetString();
            var named = param is null || message.Contains(param, StringComparison.Ordinal) ? message : $"{param}: {message}";
            error.TryGetProperty("metadata", out var metadata);
            return new($"{named}{Figures(metadata)}{((int)status >= 500 ? $" ({(int)status})" : "")}", error.GetProperty("code").GetString(), metadata) { IsOfServer = (int)status >= 500 };
        }
        catch (Exception exception) when (exception is JsonException or KeyNotFoundException or InvalidOperationException)
        {
            return null;
        }
    }

    private static string Figures(JsonElement metadata)
    {
        var figures = metadata.ValueKind == JsonValueKind.Object
            ? Amounts.Where(name => metadata.TryGetProperty(name, out _)).Select(name => $"{name} {metadata.GetProperty(name).GetRawText()} USD").ToList()
            : [];
        return figures.Count > 0 ? $" ({string.Join(", ", figures)})" : "";
    }
}
