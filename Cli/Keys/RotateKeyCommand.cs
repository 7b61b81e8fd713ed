using System.CommandLine;
using System.Text.Json.Nodes;
using LlmGateway.Cli.Output;

namespace LlmGateway.Cli.Keys;

internal sealed class RotateKeyCommand : GatewayCommand
{
    private readonly Option<string> _key = KeyOption.Make();
    private readonly Option<bool> _force = ForceOption.Make();
    private readonly Option<string> _overlap = new("--overlap")
    {
        Description = "How long the old secret goes on working, up to 30d; 0 stops it at once, and asks first.",
        HelpName = "duration",
        DefaultValueFactory = _ => "1h",
    };

    public RotateKeyCommand()
        : base(
            "rotate-key",
            "Gives a key a new secret and prints it, once. Name, limits and usage stay, and so does the old secret for a while.",
            "rotate-key --key \"Web shop\" --overlap 7d",
            "rotate-key --key \"Web shop\" --overlap 0 --force")
    {
        Options.Add(_key);
        Options.Add(_overlap);
        Options.Add(_force);
    }

    protected override async Task RunAsync(Session session, CancellationToken cancellationToken)
    {
        var path = KeyOption.Path(session.Parsed, _key);
        var force = session.Parsed.GetValue(_force);
        var overlap = Moment.ParseDuration(_overlap.Name, session.Parsed.GetRequiredValue(_overlap));
        if (overlap == TimeSpan.Zero && !force)
        {
            Question.DemandTerminal();
            var key = await session.Gateway.GetAsync(path, cancellationToken);
            Question.Ask($"Rotate the key {KeyRecord.Name(key.Root)} without overlap? Its secret of now stops at once.");
            path = KeyOption.Path(key.Root);
        }

        var body = new JsonObject { ["overlap_seconds"] = (long)overlap.TotalSeconds };
        session.Printer.Print(await session.Gateway.PostAsync($"{path}/rotate", body, cancellationToken));
        Printer.Say("The key is shown this once. Keep it where secrets are kept.");
    }
}
