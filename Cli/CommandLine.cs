using System.CommandLine;
using System.CommandLine.Parsing;
using LlmGateway.Cli.Accounts;
using LlmGateway.Cli.Backups;
using LlmGateway.Cli.Deployments;
using LlmGateway.Cli.Keys;
using LlmGateway.Cli.Ledger;
using LlmGateway.Cli.Models;
using LlmGateway.Cli.Output;
using LlmGateway.Cli.Records;
using LlmGateway.Cli.Smoke;
using LlmGateway.Cli.Tariffs;
using LlmGateway.Gateway.Admin;

namespace LlmGateway.Cli;

/// <summary>All commands, and what happens to those that cannot be understood.</summary>
internal static class CommandLine
{
    private const int Failed = 1;

    // An argument that begins with @ is that text, and not a file with more arguments, whose lines would be repeated in errors.
    private static readonly ParserConfiguration Plainly = new() { ResponseFileTokenReplacer = null };

    private const string Description =
        "Manages an LlmGateway: accounts, API keys, limits, tariffs, money, backups. It talks to a running gateway and acts with the administrator's "
        + "key, which it takes from ADMIN_API_KEY (of the environment, else of .env), or from the file admin-key in the state folder of ./run.sh.";

    public static async Task<int> RunAsync(string[] args)
    {
        var root = Root();
        if (args.Length == 0)
        {
            await root.Parse(["--help"]).InvokeAsync();
            return Failed;
        }

        var parsed = root.Parse(args, Plainly);
        if (parsed.Errors.Count > 0 && parsed.Action is not HelpWithExamples)
        {
            foreach (var error in parsed.Errors)
            {
                await Console.Error.WriteLineAsync($"llmgw: {WithoutSecrets(error.Message.ReplaceLineEndings(" "), args)}");
            }

            await Console.Error.WriteLineAsync($"See: {string.Join(' ', Path(parsed))} --help");
            return Failed;
        }

        return await parsed.InvokeAsync();
    }

    private static RootCommand Root()
    {
        var root = new RootCommand(Description)
        {
            new CreateKeyCommand(), new ListKeysCommand(), new SetLimitCommand(), new RotateKeyCommand(), new RevokeKeyCommand(), new ImportKeysCommand(),
            new CreateTariffCommand(), new ListTariffsCommand(),
            new ListAccountsCommand(), new RevokeAccountCommand(), new ReinstateAccountCommand(),
            new TopUpCommand(), new AdjustCommand(), new RefundCommand(), new SetOverdraftCommand(), new LedgerCommand(),
            new BackupCommand(), new RestoreCommand(),
            new ModelsCommand(), new DeploymentsCommand(),
            new StatsCommand(), new AuditCommand(), new RotateSigningKeyCommand(),
            new SmokeCommand(),
        };
        root.Options.Add(GlobalOptions.Url);
        root.Options.Add(GlobalOptions.Output);
        HelpWithExamples.AddTo(root);
        return root;
    }

    private static IEnumerable<string> Path(ParseResult parsed) =>
        Lineage(parsed.CommandResult).Reverse().Select(command => command is RootCommand ? "llmgw" : command.Name);

    private static IEnumerable<Command> Lineage(CommandResult result)
    {
        for (var parent = result; parent is not null; parent = parent.Parent as CommandResult)
        {
            yield return parent.Command;
        }
    }

    // The parser repeats what it does not understand, and that may be a key in the wrong place.
    private static string WithoutSecrets(string message, IEnumerable<string> args) => args
        .SelectMany(arg => new[] { arg, arg[(arg.IndexOf('=', StringComparison.Ordinal) + 1)..] })
        .Where(arg => arg.Length > 0 && SecretShape.Fits(arg))
        .Aggregate(message, (text, arg) => text.Replace(arg, "***", StringComparison.Ordinal));
}
