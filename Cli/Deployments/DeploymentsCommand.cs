using System.Text.Json;
using LlmGateway.Cli.Output;

namespace LlmGateway.Cli.Deployments;

internal sealed class DeploymentsCommand() : GatewayCommand(
    "deployments", "Lists the deployments with their breakers: which get calls, and why others get none.", "deployments")
{
    protected override async Task RunAsync(Session session, CancellationToken cancellationToken)
    {
        var answer = await session.Gateway.GetAsync("/admin/deployments", cancellationToken);
        session.Printer.Print(answer, list => session.Printer.Table(
            ["DEPLOYMENT", "MODEL", "STATE", "REASON", "UNTIL", "FAILURES", "IN FLIGHT", "SHARE"],
            list.GetProperty("data").EnumerateArray().Select(deployment => new[]
            {
                deployment.Text("id"), deployment.Text("model"), deployment.Text("state"), deployment.Text("reason"), deployment.Time("until"),
                deployment.Text("failures"), deployment.Text("in_flight"), deployment.Text("share"),
            })));
    }
}
