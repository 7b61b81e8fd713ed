using LlmGateway.Cli.Output;
namespace LlmGateway.Cli.Records;

internal sealed class RotateSigningKeyCommand() : GatewayCommand(
    "rotate-signing-key", "Signs tokens with a new key from now on. Tokens made before stay valid until they expire.", "rotate-signing-key")
{
    protected override async Task RunAsync(Session session, CancellationToken cancellationToken)
    {
        var answer = await session.Gateway.PostAsync("/admin/signing-keys/rotate", body: null, cancellationToken);
        session.Printer.Print(answer, key => Printer.Record(("kid", key.GetProperty("kid").GetString()!)));
    }
}
