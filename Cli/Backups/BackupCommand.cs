using System.CommandLine;
using LlmGateway.Cli.Output;

namespace LlmGateway.Cli.Backups;

internal sealed class BackupCommand : GatewayCommand
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(30);

    private readonly Option<string> _path = new("--path") { Description = "The file to write.", HelpName = "file", Required = true };
    private readonly Option<bool> _force = new("--force") { Description = "Replaces a file that exists." };

    public BackupCommand()
        : base("backup", "Writes accounts, tariffs and keys (hashes, no secrets) to a file that only you can read.", "backup --path keys-2027-01-31.json")
    {
        Options.Add(_path);
        Options.Add(_force);
    }

    protected override async Task RunAsync(Session session, CancellationToken cancellationToken)
    {
        var target = BackupFile.Target(session.Parsed.GetRequiredValue(_path), session.Parsed.GetValue(_force));
        using var response = await session.Gateway.OpenAsync(HttpMethod.Get, "/admin/backup", content: null, Patience, cancellationToken);
        var bytes = await target.WriteAsync(response, cancellationToken);
        Printer.Say($"{bytes} bytes in {target.Path}.");
    }
}
