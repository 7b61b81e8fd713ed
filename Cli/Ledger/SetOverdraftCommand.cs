using System.CommandLine;
using System.Text.Json.Nodes;
using LlmGateway.Cli.Accounts;
using LlmGateway.Cli.Output;

namespace LlmGateway.Cli.Ledger;

internal sealed class SetOverdraftCommand : GatewayCommand
{
    private readonly Option<string> _account = AccountOption.Make();
    private readonly Option<string?> _amount = AmountOption.Make("How far below zero the balance may go; 0 allows none.", required: true);
    private readonly Option<string?> _note = new("--note") { Description = "Why; kept with the change.", HelpName = "text" };

    public SetOverdraftCommand()
        : base("set-overdraft", "Lets an account owe money, up to an amount.", "set-overdraft --account acme --amount 50")
    {
        Options.Add(_account);
        Options.Add(_amount);
        Options.Add(_note);
    }

    protected override async Task RunAsync(Session session, CancellationToken cancellationToken)
    {
        var path = AccountOption.Path(session.Parsed, _account);
        var body = new JsonObject { ["overdraft"] = AmountOption.Read(session.Parsed, _amount) };
        if (session.Parsed.GetText(_note) is { } note)
        {
            body["note"] = note;
        }

        var answer = await session.Gateway.SendAsync(HttpMethod.Put, $"{path}/overdraft", body, cancellationToken);
        session.Printer.Print(answer, account => Printer.Record(
            ("account", account.Text("account_id")), ("overdraft", $"{account.Text("overdraft")} USD"), ("balance", $"{account.Text("balance")} USD"),
            ("held", $"{account.Text("held")} USD"), ("available", $"{account.Text("available")} USD")));
    }
}
