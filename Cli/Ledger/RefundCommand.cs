using System.CommandLine;

namespace LlmGateway.Cli.Ledger;

internal sealed class RefundCommand : BookCommand
{
    private readonly Option<string> _call = new("--call") { Description = "The call's id, its x-request-id.", HelpName = "req_...", Required = true };

    public RefundCommand()
        : base(
            "refund",
            "Gives back what was paid for a call, or a part of it. From then on the call keeps its price.",
            AmountOption.Make("USD to give back. Else: all that is left.", required: false),
            noteRequired: false,
            "refund --call req_01JD3ZK5T0Q8M7V4N2X9B6C1RE",
            "refund --call req_01JD3ZK5T0Q8M7V4N2X9B6C1RE --amount 0.01 --note \"slow answer\"")
    {
        Options.Add(_call);
        AddCommonOptions();
    }

    protected override string PathOf(ParseResult parsed) =>
        parsed.GetRequiredValue(_call) is { } id && id.StartsWith("req_", StringComparison.Ordinal) && id.All(character => char.IsAsciiLetterOrDigit(character) || character == '_')
            ? $"/admin/generations/{id}/refunds"
            : throw new FailedException("--call must be a call's id, which begins with req_.");
}
