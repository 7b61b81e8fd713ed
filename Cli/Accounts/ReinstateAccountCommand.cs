using System.CommandLine;
using LlmGateway.Cli.Output;

namespace LlmGateway.Cli.Accounts;

internal sealed class ReinstateAccountCommand : GatewayCommand
{
    private readonly Option<string> _account = AccountOption.Make();

    public ReinstateAccountCommand()
        : base("reinstate-account", "Takes an account's revocation back: its keys work again, except those revoked one by one.", "reinstate-account --account acme") =>
        Options.Add(_account);

    protected override async Task RunAsync(Session session, CancellationToken cancellationToken)
    {
        var path = AccountOption.Path(session.Parsed, _account);
        var answer = await session.Gateway.PostAsync($"{path}/reinstate", body: null, cancellationToken);
        session.Printer.Print(answer, account => Printer.Record(AccountOption.Properties(account)));
    }
}
