using System.CommandLine;
using System.Text.Json.Nodes;
using LlmGateway.Cli.Output;

namespace LlmGateway.Cli.Keys;

internal sealed class CreateKeyCommand : GatewayCommand
{
    private readonly Option<string> _name = new("--name") { Description = "What the key is called, for people.", HelpName = "text", Required = true };
    private readonly Option<string?> _description = new("--description") { Description = "What it is for.", HelpName = "text" };
    private readonly Option<string?> _account = new("--account") { Description = "Whose key it is; opened if it does not exist. Else: default.", HelpName = "id" };
    private readonly Option<string?> _tariff = new("--tariff") { Description = "Whose limits hold where the key has none of its own.", HelpName = "name" };
    private readonly Option<string?> _models = new("--models") { Description = "What it may call, like gpt-4o-mini,claude-*. Else: everything.", HelpName = "a,b" };
    private readonly Option<string?> _expires = new("--expires") { Description = "After 30d or 12h, or on 2027-01-31. Else: never.", HelpName = "when" };
    private readonly Option<string?> _role = new("--role") { Description = "account (the default), operator (reads all), administrator (changes all).", HelpName = "role" };
    private readonly LimitOptions _limits = new(removable: false);

    public CreateKeyCommand()
        : base(
            "create-key",
            "Makes an API key and prints it, once. Only its hash is kept. Limits that are not given come from the tariff, else from the gateway's defaults.",
            "create-key --name \"Web shop\" --limit 50000",
            "create-key --name ci --account acme --tariff basic --models gpt-4o-mini --expires 30d --daily-usd 2.50")
    {
        foreach (var option in new Option[] { _name, _description, _account, _tariff, _models, _expires, _role })
        {
            Options.Add(option);
        }

        _limits.AddTo(this);
    }

    protected override async Task RunAsync(Session session, CancellationToken cancellationToken)
    {
        var parsed = session.Parsed;
        var body = new JsonObject { ["name"] = parsed.GetRequiredValue(_name), ["limits"] = _limits.Read(parsed) };
        foreach (var (option, member) in new[] { (_description, "description"), (_account, "account_id"), (_tariff, "tariff"), (_role, "role") })
        {
            if (parsed.GetText(option) is { } value)
            {
                body[member] = value;
            }
        }

        if (parsed.GetText(_models) is { } models)
        {
            body["allowed_models"] = new JsonArray([.. models.Split(',', StringSplitOptions.TrimEntries).Select(model => (JsonNode)model)]);
        }

        if (parsed.GetValue(_expires) is { } expires)
        {
            body["expires_at"] = Moment.Parse(_expires.Name, expires, session.Time.GetUtcNow());
        }

        var answer = await session.Gateway.PostAsync("/admin/keys", body, cancellationToken);
        session.Printer.Print(answer);
        Printer.Say("The key is shown this once. Keep it where secrets are kept.");
    }
}
