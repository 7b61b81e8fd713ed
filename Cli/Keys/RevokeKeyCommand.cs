using System.CommandLine;
using LlmGateway.Cli.Output;

namespace LlmGateway.Cli.Keys;

internal sealed class RevokeKeyCommand : GatewayCommand
{
    private readonly Option<string> _key = KeyOption.Make();
    private readonly Option<bool> _force = ForceOption.Make();

    public RevokeKeyCommand()
        : base(
            "revoke-key",
            "Stops a key at once and for good. It asks first.",
            "revoke-key --key \"Web shop\"",
            "revoke-key --key 8a1f6a2e-4a57-4b6c-9d5a-0f6f0c0d3b11 --force")
    {
        Options.Add(_key);
        Options.Add(_force);
    }

    protected override async Task RunAsync(Session session, CancellationToken cancellationToken)
    {
        var path = KeyOption.Path(session.Parsed, _key);
        var force = session.Parsed.GetValue(_force);
        ForceOption.Demand(force);
        if (!force)
        {
            var key = await session.Gateway.GetAsync(path, cancellationToken);
            Question.Ask($"Revoke the key {KeyRecord.Name(key.Root)} of {key.Root.Text("account_id")}? It stops at once, and for good.");
            path = KeyOption.Path(key.Root);
        }

        session.Printer.Print(await session.Gateway.PostAsync($"{path}/revoke", body: null, cancellationToken));
    }
}
