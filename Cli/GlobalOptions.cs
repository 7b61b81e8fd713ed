using System.CommandLine;

namespace LlmGateway.Cli;

internal static class GlobalOptions
{
    public static Option<string?> Url { get; } = new("--url")
    {
        Description = "The gateway's address; else LLMGW_URL, else http://localhost and PORT (8000), as of ./run.sh.",
        HelpName = "address",
        Recursive = true,
    };

    public static Option<string> Output { get; } = MakeOutput();

    private static Option<string> MakeOutput()
    {
        var option = new Option<string>("--output")
        {
            Description = "table: to read. json: the gateway's own answer, and nothing else on standard output.",
            DefaultValueFactory = _ => "table",
            Recursive = true,
        };
        option.AcceptOnlyFromAmong("table", "json");
        return option;
    }
}
