using System.CommandLine;
using System.Text.Json;
using LlmGateway.Cli.Output;

namespace LlmGateway.Cli.Accounts;

internal static class AccountOption
{
    public static Option<string> Make() => new("--account") { Description = "The account's id.", HelpName = "id", Required = true };

    public static string Path(ParseResult parsed, Option<string> option) => parsed.GetRequiredValue(option) is { Length: > 0 } id && id is not ("." or "..")
        ? $"/admin/accounts/{Uri.EscapeDataString(id)}"
        : throw new FailedException("--account must be an account's id.");

    public static IEnumerable<(string Name, string Value)> Properties(JsonElement account)
    {
        yield return ("account", account.Text("id"));
        yield return ("description", account.Text("description"));
        yield return ("tariff", account.Text("tariff"));
        yield return ("created", account.Time("created_at"));
        yield return ("revoked", account.Time("revoked_at"));
    }
}
