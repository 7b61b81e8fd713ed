using System.CommandLine;
using System.Text.Json.Nodes;
using LlmGateway.Cli.Keys;
using LlmGateway.Cli.Output;

namespace LlmGateway.Cli.Tariffs;

internal sealed class CreateTariffCommand : GatewayCommand
{
    private readonly Option<string> _name = new("--name") { Description = "Letters, digits, '_', '.', '-'.", HelpName = "name", Required = true };
    private readonly Option<string?> _description = new("--description") { Description = "What its users are told.", HelpName = "text" };
    private readonly Option<string?> _from = new("--from") { Description = "When its limits begin: 2027-01-31, or after 12h. Else: now.", HelpName = "when" };
    private readonly LimitOptions _limits = new(removable: false);

    public CreateTariffCommand()
        : base("create-tariff", "Makes a tariff: limits that keys and accounts share.", "create-tariff --name basic --monthly-tokens 1000000 --rpm 60")
    {
        Options.Add(_name);
        Options.Add(_description);
        Options.Add(_from);
        _limits.AddTo(this);
    }

    protected override async Task RunAsync(Session session, CancellationToken cancellationToken)
    {
        var parsed = session.Parsed;
        var body = new JsonObject { ["id"] = parsed.GetRequiredValue(_name), ["limits"] = _limits.Read(parsed) };
        if (parsed.GetValue(_description) is { } description)
        {
            body["description"] = description;
        }

        if (parsed.GetValue(_from) is { } from)
        {
            body["effective_from"] = Moment.Parse(_from.Name, from, session.Time.GetUtcNow());
        }

        var answer = await session.Gateway.PostAsync("/admin/tariffs", body, cancellationToken);
        session.Printer.Print(answer, tariff => Printer.Record(
            ("name", tariff.Text("id")),
            ("description", tariff.Text("description")),
            ("limits", LimitText.Of(tariff.GetProperty("versions")[0].GetProperty("limits"))),
            ("from", tariff.GetProperty("versions")[0].Time("effective_from"))));
    }
}
