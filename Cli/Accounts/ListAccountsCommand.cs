using LlmGateway.Cli.Output;

namespace LlmGateway.Cli.Accounts;

internal sealed class ListAccountsCommand() : GatewayCommand("list-accounts", "Lists the accounts.", "list-accounts")
{
    protected override async Task RunAsync(Session session, CancellationToken cancellationToken)
    {
        var answer = await Pages.AllAsync(session.Gateway, "/admin/accounts", cancellationToken);
        session.Printer.Print(answer, list => session.Printer.Table(["ACCOUNT", "TARIFF", "CREATED", "REVOKED", "DESCRIPTION"], list.GetProperty("data").EnumerateArray().Select(account => new[]
        {
            account.Text("id"), account.Text("tariff"), account.Time("created_at"), account.Time("revoked_at"), account.Text("description"),
        })));
    }
}
