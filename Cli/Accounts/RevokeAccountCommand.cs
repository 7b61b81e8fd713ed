using System.CommandLine;
using LlmGateway.Cli.Output;

namespace LlmGateway.Cli.Accounts;

internal sealed class RevokeAccountCommand : GatewayCommand
{
    private readonly Option<string> _account = AccountOption.Make();
    private readonly Option<bool> _force = ForceOption.Make();

    public RevokeAccountCommand()
        : base("revoke-account", "Stops all keys and tokens of an account at once, until it is reinstated. It asks first.", "revoke-account --account acme")
    {
        Options.Add(_account);
        Options.Add(_force);
    }

    protected override async Task RunAsync(Session session, CancellationToken cancellationToken)
    {
        var path = AccountOption.Path(session.Parsed, _account);
        if (!session.Parsed.GetValue(_force))
        {
            Question.DemandTerminal();
            var account = await session.Gateway.GetAsync(path, cancellationToken);
            Question.Ask($"Revoke the account {account.Root.Text("id")}? All its keys and tokens stop at once.");
        }

        var answer = await session.Gateway.PostAsync($"{path}/revoke", body: null, cancellationToken);
        session.Printer.Print(answer, account => Printer.Record(AccountOption.Properties(account)));
    }
}
