using System.CommandLine;
using System.Net.Http.Headers;
using LlmGateway.Cli.Output;

namespace LlmGateway.Cli.Keys;

internal sealed class ImportKeysCommand : GatewayCommand
{
    private readonly Argument<string> _file = new("FILE") { Description = "JSON: { \"the key\": { \"name\": \"Web shop\", \"limit\": 50000, \"description\": \"\" } }" };
    private readonly Option<string?> _account = new("--account") { Description = "Whose keys they become; opened if it does not exist. Else: default.", HelpName = "id" };

    public ImportKeysCommand()
        : base("import-keys", "Takes over keys that exist already, all or none of the file's. Clients go on using them.", "import-keys keys.json --account acme")
    {
        Arguments.Add(_file);
        Options.Add(_account);
    }

    protected override async Task RunAsync(Session session, CancellationToken cancellationToken)
    {
        var account = session.Parsed.GetText(_account);
        var path = account is null ? "/admin/keys/import" : $"/admin/keys/import?account={Uri.EscapeDataString(account)}";
        await using var file = InputFile.Open(session.Parsed.GetRequiredValue(_file));
        using var content = new StreamContent(file) { Headers = { ContentType = new MediaTypeHeaderValue("application/json") } };
        var answer = await session.Gateway.SendAsync(HttpMethod.Post, path, content, TimeSpan.FromMinutes(5), cancellationToken);
        session.Printer.Print(answer, list => session.Printer.Table(["ID", "NAME", "ACCOUNT", "KEY", "LIMITS"], list.GetProperty("data").EnumerateArray().Select(key => new[]
        {
            key.Text("id"), key.Text("name"), key.Text("account_id"), key.Text("masked_key"), LimitText.Of(key.GetProperty("limits")),
        })));
        Printer.Say($"{answer.Root.GetProperty("data").GetArrayLength()} keys were imported. The file still has their secrets: delete it.");
    }
}
