using LlmGateway.Cli.Keys;
using LlmGateway.Cli.Output;

namespace LlmGateway.Cli.Tariffs;

internal sealed class ListTariffsCommand() : GatewayCommand("list-tariffs", "Lists the tariffs with the limits in effect now.", "list-tariffs")
{
    protected override async Task RunAsync(Session session, CancellationToken cancellationToken)
    {
        var answer = await Pages.AllAsync(session.Gateway, "/admin/tariffs", cancellationToken);
        session.Printer.Print(answer, list => session.Printer.Table(["NAME", "LIMITS", "KEYS", "DESCRIPTION"], list.GetProperty("data").EnumerateArray().Select(tariff => new[]
        {
            tariff.Text("id"), LimitText.Of(tariff.GetProperty("limits")), tariff.Text("keys"), tariff.Text("description"),
        })));
    }
}
