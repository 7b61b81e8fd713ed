using System.Buffers;
using System.Globalization;
using System.Text;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Logging.Console;
using Microsoft.Extensions.Options;

namespace LlmGateway.ServiceDefaults.Logging;

/// <summary>The console's lines outside of development: <see cref="JsonLine"/>.</summary>
internal sealed class JsonConsole(JsonLine line, IOptionsMonitor<ConsoleFormatterOptions> options) : ConsoleFormatter(FormatterName)
{
    public const string FormatterName = "json-lines";

    public override void Write<TState>(in LogEntry<TState> logEntry, IExternalScopeProvider? scopeProvider, TextWriter textWriter)
    {
        var output = new ArrayBufferWriter<byte>();
        line.Write(output, logEntry, options.CurrentValue.IncludeScopes ? scopeProvider : null);
        textWriter.Write(Encoding.UTF8.GetString(output.WrittenSpan));
        textWriter.Write('\n');
    }
}

/// <summary>The console's lines in development: a sentence, and the values that are not in it.</summary>
internal sealed class ReadableConsole(TimeProvider time, IOptionsMonitor<ConsoleFormatterOptions> options) : ConsoleFormatter(FormatterName)
{
    public const string FormatterName = "readable-lines";

    public override void Write<TState>(in LogEntry<TState> logEntry, IExternalScopeProvider? scopeProvider, TextWriter textWriter)
    {
        var line = new StringBuilder();
        line.Append(CultureInfo.InvariantCulture, $"{time.GetLocalNow():HH:mm:ss.fff} {LevelNames.Of(logEntry.LogLevel),-7} {logEntry.Category}: ");
        line.Append(logEntry.Formatter(logEntry.State, logEntry.Exception));
        var fields = LogFields.Of(logEntry, options.CurrentValue.IncludeScopes ? scopeProvider : null);
        foreach (var (name, written, value) in fields.All)
        {
            if (fields.MessageTemplate?.Contains($"{{{written}", StringComparison.Ordinal) != true)
            {
                line.Append(CultureInfo.InvariantCulture, $" {name}={value}");
            }
        }

        if (logEntry.Exception is { } exception)
        {
            line.Append(' ').Append(exception);
        }

        // One line for each record, and nothing that a terminal would obey.
        for (var i = 0; i < line.Length; i++)
        {
            line[i] = char.IsControl(line[i]) ? ' ' : line[i];
        }

        textWriter.Write(line.Append('\n').ToString());
    }
}
