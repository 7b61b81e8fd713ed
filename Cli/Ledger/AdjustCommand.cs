using System.CommandLine;
using LlmGateway.Cli.Accounts;

namespace LlmGateway.Cli.Ledger;

internal sealed class AdjustCommand : BookCommand
{
    private readonly Option<string> _account = AccountOption.Make();

    public AdjustCommand()
        : base(
            "adjust",
            "Corrects an account's balance, either way. No more is taken than what is available.",
            AmountOption.Make("USD that the account gains; with a minus, loses.", required: true),
            noteRequired: true,
            "adjust --account acme --amount -2.50 --note \"top-up of 2 May was booked twice\"")
    {
        Options.Add(_account);
        AddCommonOptions();
    }

    protected override string PathOf(ParseResult parsed) => $"{AccountOption.Path(parsed, _account)}/adjustments";
}
