using System.CommandLine;
using System.Text.Json;
using LlmGateway.Cli.Connection;
using LlmGateway.Cli.Output;

namespace LlmGateway.Cli.Keys;

internal sealed class ListKeysCommand : GatewayCommand
{
    private readonly Option<bool> _stats = new("--stats") { Description = "Adds how many they are, and the sum and average of their token limits." };
    private readonly Option<bool> _all = new("--all") { Description = "Revoked and expired ones too." };
    private readonly Option<string?> _account = new("--account") { Description = "Only those of this account.", HelpName = "id" };

    public ListKeysCommand()
        : base("list-keys", "Lists the API keys that work.", "list-keys --stats", "list-keys --all --account acme --output json")
    {
        Options.Add(_stats);
        Options.Add(_all);
        Options.Add(_account);
    }

    protected override async Task RunAsync(Session session, CancellationToken cancellationToken)
    {
        var path = $"/admin/keys?include_inactive={(session.Parsed.GetValue(_all) ? "true" : "false")}";
        if (session.Parsed.GetText(_account) is { } account)
        {
            path += $"&account={Uri.EscapeDataString(account)}";
        }

        var answer = await Pages.AllAsync(session.Gateway, path, cancellationToken);
        var stats = session.Parsed.GetValue(_stats) ? TokenLimitStats.Of(answer.Root) : null;
        session.Printer.Print(stats is null ? answer : GatewayAnswer.Of(stats.AddTo(answer.Text)), list => Print(session.Printer, list, stats));
    }

    private static void Print(Printer printer, JsonElement list, TokenLimitStats? stats)
    {
        printer.Table(["ID", "NAME", "ACCOUNT", "KEY", "STATE", "LIMITS", "EXPIRES", "LAST USED"], list.GetProperty("data").EnumerateArray().Select(key => new[]
        {
            key.Text("id"), key.Text("name"), key.Text("account_id"), key.Text("masked_key"), key.Text("state"),
            LimitText.Of(key.GetProperty("effective_limits")), key.Time("expires_at"), key.Time("last_used_at"),
        }));
        if (stats is not null)
        {
            Printer.Record(
                ("keys", $"{stats.Keys}"), ("with a limit", $"{stats.Limited}"), ("sum", $"{stats.Sum} tokens"), ("average", $"{stats.Average} tokens"));
        }
    }
}
