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

    /// <summary>
    /// Rows below headings, one line each however wide that is: to be read, searched and cut in a terminal as in a pipe.
    /// </summary>
    public void Table(IReadOnlyList<string> headings, IEnumerable<IReadOnlyList<string>> rows)
    {
        var table = new Table { Border = TableBorder.None };
        foreach (var heading in headings)
        {
            table.AddColumn(new TableColumn(new Text(heading, new Style(decoration: Decoration.Bold))) { NoWrap = true, Padding = new Padding(0, 0, 2, 0) });
        }

        foreach (var row in rows)
        {
            table.AddRow(row.Select(cell => (IRenderable)new Text(PlainText.Of(cell))));
        }

        using var text = new StringWriter();
        var console = AnsiConsole.Create(new AnsiConsoleSettings
        {
            Ansi = _isPlain ? AnsiSupport.No : AnsiSupport.Yes,
            ColorSystem = _isPlain ? ColorSystemSupport.NoColors : ColorSystemSupport.Standard,
            Out = new AnsiConsoleOutput(text),
        });
        console.Profile.Width = short.MaxValue;
        console.Write(table);
        foreach (var line in text.ToString().Split('\n').Select(line => line.TrimEnd()).Where(line => line.Length > 0))
        {
            Console.Out.WriteLine(line);
        }
    }

    /// <summary>One thing, a line for each of its properties.</summary>
    public static void Record(params IEnumerable<(string Name, string Value)> properties)
    {
        foreach (var (name, value) in properties)
        {
            Console.Out.WriteLine($"{name,-14}{PlainText.Of(value)}");
        }
    }
}
