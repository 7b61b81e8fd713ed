using System.Diagnostics;
using Microsoft.Extensions.Logging;

namespace LlmGateway.ServiceDefaults.Export.Sentry;

/// <summary>
/// The log for Sentry: each line from Error on is an error, as is the exception that ends the process; lines from Information on are kept a while,
/// as the breadcrumbs of an error in the same trace. <see cref="LogFloors"/> hold for it as for every other log.
/// </summary>
internal sealed class SentryLogs : ILoggerProvider
{
    private const int MostBreadcrumbs = 50;
    private readonly SentryQueue _queue;
    private readonly TimeProvider _time;
    private readonly SentryLine?[] _recent = new SentryLine?[512];
    private long _written;

    public SentryLogs(SentryQueue queue, TimeProvider time)
    {
        (_queue, _time) = (queue, time);
        AppDomain.CurrentDomain.UnhandledException += OnUnhandled;
    }

    public ILogger CreateLogger(string categoryName) => new Logger(this, categoryName);

    public void Dispose() => AppDomain.CurrentDomain.UnhandledException -= OnUnhandled;

    private void OnUnhandled(object sender, UnhandledExceptionEventArgs e)
    {
        Write(LogLevel.Critical, "AppDomain", "An exception that nobody caught ended the process.", template: null, e.ExceptionObject as Exception);
        _queue.Dispose();
    }

    private void Write(LogLevel level, string category, string text, string? template, Exception? exception)
    {
        var current = Activity.Current;
        var line = new SentryLine(_time.GetUtcNow(), level, category, text, current?.TraceId ?? default, current?.SpanId ?? default);
        if (level >= LogLevel.Error)
        {
            _queue.Add(new SentryError(line, template, exception, Before(line)));
        }

        var at = Interlocked.Increment(ref _written) - 1;
        Volatile.Write(ref _recent[at % _recent.Length], line);
    }

    /// <summary>The last lines of the same trace, the oldest first.</summary>
    private List<SentryLine> Before(SentryLine line)
    {
        var lines = new List<SentryLine>();
        var end = Volatile.Read(ref _written);
        for (var at = end - 1; at >= Math.Max(0, end - _recent.Length) && lines.Count < MostBreadcrumbs; at--)
        {
            if (Volatile.Read(ref _recent[at % _recent.Length]) is { } other && other.Trace == line.Trace)
            {
                lines.Add(other);
            }
        }

        lines.Reverse();
        return lines;
    }

    private sealed class Logger(SentryLogs logs, string category) : ILogger
    {
        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => logLevel is >= LogLevel.Information and not LogLevel.None;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            if (IsEnabled(logLevel))
            {
                logs.Write(logLevel, category, formatter(state, null), Template(state), exception);
            }
        }

        private static string? Template(object? state) => state is IReadOnlyList<KeyValuePair<string, object?>> { Count: > 0 } values
            && values[^1] is { Key: "{OriginalFormat}", Value: string template }
            ? template
            : null;
    }
}
