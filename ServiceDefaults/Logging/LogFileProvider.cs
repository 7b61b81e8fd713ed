using System.Buffers;
using System.Diagnostics.Metrics;
using System.Threading.Channels;
using LlmGateway.ServiceDefaults.Metrics;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace LlmGateway.ServiceDefaults.Logging;

/// <summary>Writes LOG_FILE. Whoever logs puts a line into a queue and goes on; one loop writes what waits.</summary>
[ProviderAlias("File")]
internal sealed class LogFileProvider : ILoggerProvider, ISupportExternalScope, IAsyncDisposable
{
    private const int BatchBytes = 64 * 1024;
    private static readonly TimeSpan AtStop = TimeSpan.FromSeconds(2);

    private readonly JsonLine _line;
    private readonly LogFile _file;
    private readonly Channel<byte[]> _lines;
    private readonly Task _writing;
    private IExternalScopeProvider? _scopes;
    private long _dropped;

    /// <summary>Starts the loop.</summary>
    /// <param name="options">Not validated yet: what is wrong with them stops the start, together with all other errors.</param>
    public LogFileProvider(LogFileOptions options, JsonLine line, IMeterFactory meters, TimeProvider time)
    {
        _line = line;
        _file = new(options.Path, time);
        _lines = Channel.CreateBounded<byte[]>(new BoundedChannelOptions(Math.Max(1, options.QueueLines)) { SingleReader = true });

        // The factory's, which ends it.
        meters.Create(TelemetryMetrics.Table.MeterName)
            .ObserveCounter(TelemetryMetrics.DroppedLines, () => [new Measurement<long>(Volatile.Read(ref _dropped))]);
        _writing = WriteAsync();
    }

    public long Dropped => Volatile.Read(ref _dropped);

    public ILogger CreateLogger(string categoryName) => new FileLogger(this, categoryName);

    public void SetScopeProvider(IExternalScopeProvider scopeProvider) => _scopes = scopeProvider;

    public void Dispose()
    {
        _lines.Writer.TryComplete();
        if (_writing.Wait(AtStop))
        {
            _file.Dispose();
        }
    }

    public async ValueTask DisposeAsync()
    {
        _lines.Writer.TryComplete();
        await Task.WhenAny(_writing, Task.Delay(AtStop));
        if (_writing.IsCompleted)
        {
            _file.Dispose();
        }
    }

    private async Task WriteAsync()
    {
        var batch = new ArrayBufferWriter<byte>(BatchBytes);
        while (await _lines.Reader.WaitToReadAsync().ConfigureAwait(false))
        {
            var count = 0;
            while (batch.WrittenCount < BatchBytes && _lines.Reader.TryRead(out var line))
            {
                batch.Write(line);
                count++;
            }

            Append(batch.WrittenSpan, count);
            batch.ResetWrittenCount();
        }
    }

    private void Append(ReadOnlySpan<byte> lines, int count)
    {
        try
        {
            _file.Append(lines);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or ArgumentException or NotSupportedException)
        {
            // A full disk: to log it would only try again.
            Interlocked.Add(ref _dropped, count);
        }
    }

    private void Enqueue<TState>(in LogEntry<TState> entry)
    {
        var output = new ArrayBufferWriter<byte>(512);
        _line.Write(output, entry, _scopes);
        output.Write("\n"u8);
        if (!_lines.Writer.TryWrite(output.WrittenSpan.ToArray()))
        {
            Interlocked.Increment(ref _dropped);
        }
    }

    private sealed class FileLogger(LogFileProvider provider, string category) : ILogger
    {
        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => provider._scopes?.Push(state);

        public bool IsEnabled(LogLevel logLevel) => logLevel != LogLevel.None;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            if (IsEnabled(logLevel))
            {
                provider.Enqueue(new LogEntry<TState>(logLevel, category, eventId, state, exception, formatter));
            }
        }
    }
}
