using Microsoft.Extensions.Logging;

namespace LlmGateway.Gateway.Tests.Logging;

/// <summary>Keeps the lines of one class with their fields.</summary>
internal sealed class FieldLog<T> : ILogger<T>
{
    public List<(LogLevel Level, string Text, Dictionary<string, object?> Fields)> Lines { get; } = [];

    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => true;

    public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
        Lines.Add((logLevel, formatter(state, exception), ((IReadOnlyList<KeyValuePair<string, object?>>)state!)
            .Where(field => field.Key != "{OriginalFormat}").ToDictionary(field => field.Key, field => field.Value)));
}
