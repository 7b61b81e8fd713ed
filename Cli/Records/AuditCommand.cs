using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using LlmGateway.Cli.Output;

namespace LlmGateway.Cli.Records;

internal sealed class AuditCommand : GatewayCommand
{
    private readonly Option<int> _last = new("--last") { Description = "How many, 1 to 200.", HelpName = "number", DefaultValueFactory = _ => 50 };

    public AuditCommand()
        : base("audit", "Lists the latest changes: who did what, and when. Newest first.", "audit --last 20") =>
        Options.Add(_last);

    protected override async Task RunAsync(Session session, CancellationToken cancellationToken)
    {
        var last = session.Parsed.GetValue(_last).ToString(CultureInfo.InvariantCulture);
        var answer = await session.Gateway.GetAsync($"/admin/audit?limit={last}", cancellationToken);
        session.Printer.Print(answer, list => session.Printer.Table(["TIME", "WHO", "ACTION", "SUBJECT", "DETAILS"], list.GetProperty("data").EnumerateArray().Select(entry => new[]
        {
            entry.Time("at"), Who(entry.GetProperty("actor")), entry.Text("action"), entry.Text("subject_id"), entry.Text("details"),
        })));
    }

    private static string Who(JsonElement actor) => actor.ValueKind switch
    {
        JsonValueKind.Object when actor.Text("masked_key") is not Cell.Empty and var key => $"{actor.Text("account_id")} ({key})",
        JsonValueKind.Object => actor.Text("account_id"),
        _ => Cell.Empty,
    };
}
