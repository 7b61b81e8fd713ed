using System.CommandLine;
using LlmGateway.Cli.Accounts;

namespace LlmGateway.Cli.Ledger;

internal sealed class TopUpCommand : BookCommand
{
    private readonly Option<string> _account = AccountOption.Make();

    public TopUpCommand()
        : base(
            "top-up",
            "Adds money to an account.",
            AmountOption.Make("USD to add, like 12.50.", required: true),
            noteRequired: false,
            "top-up --account acme --amount 12.50",
            "top-up --account acme --amount 100 --note \"invoice 7\" --idempotency-key invoice-7")
    {
        Options.Add(_account);
        AddCommonOptions();
    }

    protected override string PathOf(ParseResult parsed) => $"{AccountOption.Path(parsed, _account)}/top-ups";
}
