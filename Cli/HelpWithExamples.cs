using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Invocation;

namespace LlmGateway.Cli;

/// <summary>The library's help, and examples below it: enough to use a command without any other document.</summary>
internal sealed class HelpWithExamples(HelpAction help) : SynchronousCommandLineAction
{
    public override bool ClearsParseErrors => true;

    public static void AddTo(RootCommand root)
    {
        var option = root.Options.OfType<HelpOption>().Single();
        option.Action = new HelpWithExamples((HelpAction)option.Action!);
    }

    public override int Invoke(ParseResult parseResult)
    {
        var code = help.Invoke(parseResult);
        var output = parseResult.InvocationConfiguration.Output;
        var examples = parseResult.CommandResult.Command is not RootCommand and var command
            ? ExamplesOf(command)
            : ["create-key --name \"Web shop\" --limit 50000", "list-keys --stats", "set-limit --key \"Web shop\" --limit 100000", "rotate-key --key \"Web shop\"", "revoke-key --key \"Web shop\""];
        output.WriteLine("Examples:");
        foreach (var example in examples)
        {
            output.WriteLine($"  llmgw {example}");
        }

        output.WriteLine();
        return code;
    }

    private static IEnumerable<string> ExamplesOf(Command command) =>
        command is GatewayCommand own ? own.Examples : command.Subcommands.SelectMany(ExamplesOf);
}
