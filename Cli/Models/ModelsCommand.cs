using System.CommandLine;
using System.Text.Json;
using System.Text.Json.Nodes;
using LlmGateway.Cli.Output;

namespace LlmGateway.Cli.Models;

/// <summary>llmgw models: the catalogue.</summary>
internal sealed class ModelsCommand : Command
{
    public ModelsCommand()
        : base("models", "Lists the models with their deployments, and adds those of a LiteLLM file.")
    {
        Subcommands.Add(new ListModelsCommand());
        Subcommands.Add(new ImportModelsCommand());
    }
}

internal sealed class ListModelsCommand() : GatewayCommand("list", "Lists the models and their deployments.", "models list", "models list --output json")
{
    protected override async Task RunAsync(Session session, CancellationToken cancellationToken)
    {
        var answer = await session.Gateway.GetAsync("/admin/models", cancellationToken);
        session.Printer.Print(answer, list => session.Printer.Table(
            ["MODEL", "DEPLOYMENT", "SOURCE", "ENABLED", "WEIGHT", "ORDER", "RPM", "TPM", "STRATEGY", "FALLBACKS"],
            list.GetProperty("data").EnumerateArray().SelectMany(model => model.GetProperty("deployments").EnumerateArray().Select(deployment => new[]
            {
                model.Text("id"), deployment.Text("id"), deployment.Text("source"), deployment.Text("enabled"), deployment.Text("weight"),
                deployment.Text("order"), deployment.Text("rpm"), deployment.Text("tpm"), model.Text("routing_strategy"), Names(model, "fallbacks"),
            }))));
    }

    private static string Names(JsonElement model, string key) => string.Join(", ", model.GetProperty(key).EnumerateArray().Select(name => name.GetString()));
}

internal sealed class ImportModelsCommand : GatewayCommand
{
    private readonly Argument<string> _file = new("FILE") { Description = "A LiteLLM configuration. Its keys must be references: os.environ/NAME or file:PATH." };
    private readonly Option<bool> _dryRun = new("--dry-run") { Description = "Only says what would be done." };

    public ImportModelsCommand()
        : base(
            "import", "Adds the deployments and fallbacks of a LiteLLM file, all or none. What is there already stays as it is.",
            "models import litellm.yaml --dry-run", "models import litellm.yaml")
    {
        Arguments.Add(_file);
        Options.Add(_dryRun);
    }

    protected override async Task RunAsync(Session session, CancellationToken cancellationToken)
    {
        using var reader = new StreamReader(InputFile.Open(session.Parsed.GetRequiredValue(_file)));
        var body = new JsonObject { ["file"] = await reader.ReadToEndAsync(cancellationToken) };
        var path = session.Parsed.GetValue(_dryRun) ? "/admin/models/import?dry_run=true" : "/admin/models/import";
        var answer = await session.Gateway.PostAsync(path, body, cancellationToken);
        session.Printer.Print(answer, imported => session.Printer.Table(
            ["DEPLOYMENT", "RESULT"],
            Rows(imported, "added", "added").Concat(Rows(imported, "present", "was there")).Concat(Rows(imported, "models", "rules set"))));
        foreach (var warning in answer.Root.GetProperty("warnings").EnumerateArray())
        {
            Printer.Say(warning.GetString() ?? "");
        }
    }

    private static IEnumerable<string[]> Rows(JsonElement imported, string key, string result) =>
        imported.GetProperty(key).EnumerateArray().Select(name => new[] { name.GetString() ?? "", result });
}
