using System.CommandLine;
using System.Text.Json;
using LlmGateway.Cli.Output;

namespace LlmGateway.Cli.Ledger;

/// <summary>llmgw ledger: what concerns all of it.</summary>
internal sealed class LedgerCommand : Command
{
    public LedgerCommand()
        : base("ledger", "Looks at the whole ledger.") => Subcommands.Add(new VerifyLedgerCommand());
}

internal sealed class VerifyLedgerCommand() : GatewayCommand(
    "verify",
    "Proves that the ledger adds up: balances, postings, holds, charges, usage. Calls go on meanwhile. The exit code is 1 if anything does not.",
    "ledger verify",
    "ledger verify --output json")
{
    // Billing's own limit, Billing__VerifySeconds, is an hour at most.
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(3_630);

    protected override async Task RunAsync(Session session, CancellationToken cancellationToken)
    {
        var answer = await session.Gateway.SendAsync(HttpMethod.Get, "/admin/ledger/verify", content: null, Patience, cancellationToken);
        session.Printer.Print(answer, verified => Show(session.Printer, verified));
        if (!answer.Root.GetProperty("passed").GetBoolean())
        {
            throw new FailedException("The ledger does not add up.");
        }
    }

    private static void Show(Printer printer, JsonElement verified)
    {
        printer.Table(["CHECK", "EXAMINED", "DIFFERENCES"], verified.GetProperty("checks").EnumerateArray().Select(check => new[]
        {
            check.Text("name"), check.Text("examined"), check.Text("differences"),
        }));
        if (verified.GetProperty("differences").GetArrayLength() > 0)
        {
            printer.Table(["CHECK", "SUBJECT", "DETAIL"], verified.GetProperty("differences").EnumerateArray().Select(found => new[]
            {
                found.Text("check"), found.Text("subject"), found.Text("detail"),
            }));
        }
    }
}
