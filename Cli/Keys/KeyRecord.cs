using System.Text.Json;
using LlmGateway.Cli.Connection;
using LlmGateway.Cli.Output;

namespace LlmGateway.Cli.Keys;

/// <summary>One key, as the commands that make or change it show it.</summary>
internal static class KeyRecord
{
    public static void Print(this Printer printer, GatewayAnswer answer) => printer.Print(answer, key => Printer.Record(Properties(key)));

    /// <summary>"web (sk-llmgw...)", for questions and messages.</summary>
    public static string Name(JsonElement key) => $"{key.Text("name")} ({key.Text("masked_key")})";

    private static IEnumerable<(string Name, string Value)> Properties(JsonElement key)
    {
        yield return ("id", key.Text("id"));
        yield return ("name", key.Text("name"));
        yield return ("account", key.Text("account_id"));
        yield return ("role", key.Text("role"));
        yield return ("state", key.Text("state"));
        yield return ("tariff", key.Text("tariff"));
        yield return ("own limits", LimitText.Of(key.GetProperty("limits")));
        yield return ("limits", LimitText.Of(key.GetProperty("effective_limits")));
        yield return ("models", key.List("allowed_models") is Cell.Empty ? "all" : key.List("allowed_models"));
        yield return ("expires", key.Time("expires_at") is Cell.Empty ? "never" : key.Time("expires_at"));
        if (key.Time("revoked_at") is not Cell.Empty and var revoked)
        {
            yield return ("revoked", revoked);
        }
        else if (key.Time("old_secret_expires_at") is not Cell.Empty and var until)
        {
            yield return ("old key until", until);
        }

        yield return ("key", key.TryGetProperty("secret", out _) ? key.Text("secret") : key.Text("masked_key"));
    }
}
