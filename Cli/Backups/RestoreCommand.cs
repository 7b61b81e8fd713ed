using System.CommandLine;
using System.Net.Http.Headers;
using System.Text.Json;
using LlmGateway.Cli.Connection;
using LlmGateway.Cli.Output;

namespace LlmGateway.Cli.Backups;

internal sealed class RestoreCommand : GatewayCommand
{
    private const string WouldOverwrite = "restore_would_overwrite";

    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(30);

    private readonly Option<string> _path = new("--path") { Description = "A file of llmgw backup.", HelpName = "file", Required = true };
    private readonly Option<bool> _overwrite = new("--overwrite") { Description = "Replaces what differs. It says what that is, and asks first." };
    private readonly Option<bool> _dryRun = new("--dry-run") { Description = "Changes nothing, only says what would be." };
    private readonly Option<bool> _force = ForceOption.Make();

    public RestoreCommand()
        : base(
            "restore",
            "Takes accounts, tariffs and keys back from a backup: all of it or nothing. What is there already and differs is kept, and named, unless --overwrite is given.",
            "restore --path keys-2027-01-31.json --dry-run",
            "restore --path keys-2027-01-31.json --overwrite")
    {
        Options.Add(_path);
        Options.Add(_overwrite);
        Options.Add(_dryRun);
        Options.Add(_force);
    }

    protected override async Task RunAsync(Session session, CancellationToken cancellationToken)
    {
        var parsed = session.Parsed;
        var (overwrite, dryRun) = (parsed.GetValue(_overwrite), parsed.GetValue(_dryRun));
        if (overwrite && !dryRun && !parsed.GetValue(_force))
        {
            Question.DemandTerminal();
            var preview = await SendAsync(session, overwrite: true, dryRun: true, cancellationToken);
            if (PrintOverwritten(preview.Root.GetProperty("changes")))
            {
                Question.Ask("Replace them?");
            }
        }

        try
        {
            var answer = await SendAsync(session, overwrite, dryRun, cancellationToken);
            session.Printer.Print(answer, restored => PrintChanges(session.Printer, restored.GetProperty("changes")));
            Printer.Say(dryRun ? "Nothing was changed." : "Restored.");
        }
        catch (RefusedException refused) when (refused.Code == WouldOverwrite)
        {
            PrintOverwritten(refused.Metadata.GetProperty("changes"));
            throw new FailedException($"{refused.Message} Nothing was changed; --overwrite replaces them.");
        }
    }

    private async Task<GatewayAnswer> SendAsync(Session session, bool overwrite, bool dryRun, CancellationToken cancellationToken)
    {
        await using var file = InputFile.Open(session.Parsed.GetRequiredValue(_path));
        using var content = new StreamContent(file) { Headers = { ContentType = new MediaTypeHeaderValue("application/json") } };
        var path = $"/admin/restore?overwrite={(overwrite ? "true" : "false")}&dry_run={(dryRun ? "true" : "false")}";
        return await session.Gateway.SendAsync(HttpMethod.Post, path, content, Patience, cancellationToken);
    }

    private static void PrintChanges(Printer printer, JsonElement changes) =>
        printer.Table(["WHAT", "ADDED", "UNCHANGED", "OVERWRITTEN"], changes.EnumerateArray().Select(change => new[]
        {
            change.Text("kind"), change.Text("added"), change.Text("unchanged"), change.Text("overwritten"),
        }));

    // On standard error: it belongs to the question or the refusal that follows.
    private static bool PrintOverwritten(JsonElement changes)
    {
        var differing = changes.EnumerateArray().Where(change => change.GetProperty("overwritten").GetInt64() > 0).ToList();
        foreach (var change in differing)
        {
            var ids = change.GetProperty("overwritten_ids");
            var more = change.GetProperty("overwritten").GetInt64() - ids.GetArrayLength();
            Printer.Say($"{change.Text("kind")}: {change.Text("overwritten")} differ: {change.List("overwritten_ids")}{(more > 0 ? $" and {more} more" : "")}");
        }

        return differing.Count > 0;
    }
}
