using System.CommandLine;

namespace LlmGateway.Cli.Keys;

internal sealed class SetLimitCommand : GatewayCommand
{
    private readonly Option<string> _key = KeyOption.Make();
    private readonly LimitOptions _limits = new(removable: true);

    public SetLimitCommand()
        : base(
            "set-limit",
            "Changes limits of a key. Those that are not given stay; none takes one away, and the tariff's holds again, else the gateway's default.",
            "set-limit --key \"Web shop\" --limit 100000",
            "set-limit --key \"Web shop\" --daily-usd 2.50 --rpm none")
    {
        Options.Add(_key);
        _limits.AddTo(this);
    }

    protected override async Task RunAsync(Session session, CancellationToken cancellationToken)
    {
        var path = KeyOption.Path(session.Parsed, _key);
        var limits = _limits.Read(session.Parsed);
        if (limits.Count == 0)
        {
            throw new FailedException("Say which limit: --limit 50000, for example. See: llmgw set-limit --help");
        }

        session.Printer.Print(await session.Gateway.SendAsync(HttpMethod.Patch, $"{path}/limits", limits, cancellationToken));
    }
}
