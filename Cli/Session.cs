using System.CommandLine;
using LlmGateway.Cli.Connection;
using LlmGateway.Cli.Output;

namespace LlmGateway.Cli;

/// <summary>What a command works with.</summary>
internal sealed record Session(ParseResult Parsed, GatewayClient Gateway, Printer Printer, TimeProvider Time) : IDisposable
{
    public static Session Open(ParseResult parsed)
    {
        var address = GatewayAddress.Of(parsed.GetValue(GlobalOptions.Url));
        return new(
            parsed,
            new GatewayClient(address, AdministratorKey.Find),
            new Printer(isJson: parsed.GetValue(GlobalOptions.Output) == "json"),
            TimeProvider.System);
    }

    public void Dispose() => Gateway.Dispose();
}
