using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;

namespace LlmGateway.SystemUnderTest;

/// <summary>Keeps what each resource writes. The orchestrator logs it in a category that ends in ".Resources." and the resource's name.</summary>
internal sealed class ResourceLogs : ILoggerProvider
{
    private readonly ConcurrentDictionary<string, ConcurrentQueue<string>> _lines = new();

    public IReadOnlyList<string> Of(string resource) =>
        [.. _lines.Where(entry => entry.Key.EndsWith(".Resources." + resource, StringComparison.Ordinal)).SelectMany(entry => entry.Value)];

    /// <summary>Of every resource, and the orchestrator's own.</summary>
    public IReadOnlyList<string> All => [.. _lines.SelectMany(entry => entry.Value)];

    public ILogger CreateLogger(string categoryName) => new Lines(_lines.GetOrAdd(categoryName, _ => new()));

    public void Dispose()
    {
    }

    private sealed class Lines(ConcurrentQueue<string> lines) : ILogger
    {
        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
            lines.Enqueue(exception is null ? formatter(state, exception) : $"{formatter(state, exception)} {exception}");
    }
}
