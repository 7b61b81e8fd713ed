using System.Text.Json;
using LlmGateway.Cli.Connection;
using Spectre.Console;
using Spectre.Console.Rendering;

namespace LlmGateway.Cli.Output;

/// <summary>Answers on standard output, everything else on standard error.</summary>
internal sealed class Printer(bool isJson)
{
    private readonly bool _isPlain = Console.IsOutputRedirected || !string.IsNullOrEmpty(Environment.GetEnvironmentVariable("NO_COLOR"));

    public bool IsJson => isJson;

    public static void Say(string message) => Console.Error.WriteLine(PlainText.Of(message));

    /// <summary>The answer as it came, or as the table that it is turned into.</summary>
    public void Print(GatewayAnswer answer, Action<JsonElement> asTable)
    {
        if (isJson)
        {
            Console.Out.WriteLine(answer.Text);
        }
        else
        {
            asTable(answer.Root);
        }
    }

    /// <summary>Rows below headings: in a pipe without lines, one row a line.</summary>
    public void Table(IReadOnlyList<string> headings, IEnumerable<IReadOnlyList<string>> rows)
    {
        var table = new Table { Border = Console.IsOutputRedirected ? TableBorder.None : _isPlain ? TableBorder.Ascii : TableBorder.Rounded };
        foreach (var heading in headings)
        {
            table.AddColumn(new TableColumn(new Text(heading)) { NoWrap = heading is "ID" or "KEY" or "STATE" });
        }

        foreach (var row in rows)
        {
            table.AddRow(row.Select(cell => (IRenderable)new Text(PlainText.Of(cell))));
        }

        Out().Write(table);
    }

    /// <summary>One thing, a line for each of its properties.</summary>
    public static void Record(params IEnumerable<(string Name, string Value)> properties)
    {
        foreach (var (name, value) in properties)
        {
            Console.Out.WriteLine($"{name,-14}{PlainText.Of(value)}");
        }
    }

    private IAnsiConsole Out()
    {
        var console = AnsiConsole.Create(new AnsiConsoleSettings
        {
            Ansi = _isPlain ? AnsiSupport.No : AnsiSupport.Detect,
            ColorSystem = _isPlain ? ColorSystemSupport.NoColors : ColorSystemSupport.Detect,
        });
        if (Console.IsOutputRedirected)
        {
            console.Profile.Width = short.MaxValue;
        }

        return console;
    }
}
