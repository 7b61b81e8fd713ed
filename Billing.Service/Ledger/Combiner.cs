using System.Diagnostics;
using System.Threading.Channels;

namespace LlmGateway.Billing.Ledger;

/// <summary>
/// Lets calls that come at once share a statement, its round trips and its commit.
/// 1. Each call brings one line. A bounded queue takes it, or refuses it at once: when it is full, and while the database is lost.
/// 2. While a statement runs, the next one's lines gather; it goes when that ends, when it is full, or when that takes long, so that a slow
///    one (an account that somebody locks) does not keep the rest. A lone line goes at once, and nothing waits on purpose: a commit's own
///    time is enough for others to gather.
/// 3. A caller that goes takes its line along, unless it was sent. What was sent is decided, whoever still listens: every line may be
///    repeated by its request id.
/// 4. A statement that fails by one of its lines is run again in halves, so that the line fails alone. One that finds no database fails
///    its own lines, and no others; one that hangs while the database is lost is left to itself.
/// 5. The end waits for everything that was taken.
/// </summary>
/// <remarks>
/// The queue is a channel. The rest is written here because what there is batches one way: Dataflow's BatchBlock has no answer for each
/// line and no refusal, and waits for a full batch or a clock.
/// </remarks>
internal sealed class Combiner<TLine, TRow> : IAsyncDisposable
{
    // Several times what a statement takes. Two beside each other would each have half the lines, for the same number of commits.
    private static readonly TimeSpan Long = TimeSpan.FromMilliseconds(20);

    private readonly StatementKind _kind;
    private readonly CombinerSettings _settings;
    private readonly DatabaseWatch _watch;
    private readonly BillingMetrics _metrics;
    private readonly Func<IReadOnlyList<TLine>, Task<TRow[]>> _execute;
    private readonly Channel<Entry> _queue;
    private readonly SemaphoreSlim _free;
    private readonly Task _dispatching;

    /// <param name="kind">What the lines are, for the metrics.</param>
    /// <param name="settings">How many of what.</param>
    /// <param name="watch">Says whether there is a database to send to.</param>
    /// <param name="metrics">Counts statements and refusals.</param>
    /// <param name="execute">Runs one statement, for whoever still listens: a row for each line, in the lines' order.</param>
    public Combiner(
        StatementKind kind, CombinerSettings settings, DatabaseWatch watch, BillingMetrics metrics,
        Func<IReadOnlyList<TLine>, Task<TRow[]>> execute)
    {
        (_kind, _settings, _watch, _metrics, _execute) = (kind, settings, watch, metrics, execute);
        _queue = Channel.CreateBounded<Entry>(new BoundedChannelOptions(settings.WaitingLines) { SingleReader = true });
        _free = new SemaphoreSlim(settings.Statements, settings.Statements);

        // Made in the first call that needs it, and not a part of that call.
        using (ExecutionContext.SuppressFlow())
        {
            _dispatching = DispatchAsync();
        }
    }

    /// <exception cref="TimeoutException">The line was refused; it has not been sent.</exception>
    public async Task<TRow> ExecuteAsync(TLine line, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        if (_watch.IsLost)
        {
            throw Refuse("database_lost", "The database does not answer.");
        }

        var entry = new Entry(line);
        if (!_queue.Writer.TryWrite(entry))
        {
            throw Refuse("queue_full", "More calls wait for the ledger than it takes.");
        }

        await using var registration = cancellationToken.UnsafeRegister(
            static (entry, cancellation) => ((Entry)entry!).TrySetCanceled(cancellation), entry);
        return await entry.Task;
    }

    public async ValueTask DisposeAsync()
    {
        if (_queue.Writer.TryComplete())
        {
            await _dispatching;
            for (var statement = 0; statement < _settings.Statements; statement++)
            {
                await _free.WaitAsync();
            }

            _free.Dispose();
        }
    }

    private async Task DispatchAsync()
    {
        var latest = Task.CompletedTask;
        while (await _queue.Reader.WaitToReadAsync())
        {
            if (!latest.IsCompleted && _queue.Reader.Count < _settings.Lines)
            {
                await Task.WhenAny(latest, Task.Delay(Long));
            }

            await _free.WaitAsync();
            var entries = Take();
            if (entries.Length > 0)
            {
                latest = RunAndFreeAsync(entries);
            }
            else
            {
                _free.Release();
            }
        }
    }

    private Entry[] Take()
    {
        var entries = new List<Entry>();
        while (entries.Count < _settings.Lines && _queue.Reader.TryRead(out var entry))
        {
            if (!entry.Task.IsCompleted)
            {
                entries.Add(entry);
            }
        }

        return [.. entries];
    }

    private async Task RunAndFreeAsync(ReadOnlyMemory<Entry> entries)
    {
        // A shared statement can be in one trace only: its first call's.
        Activity.Current = entries.Span[0].Caller;
        try
        {
            await RunAsync(entries);
        }
        finally
        {
            _free.Release();
        }
    }

    private async Task RunAsync(ReadOnlyMemory<Entry> entries)
    {
        try
        {
            _metrics.StatementSent(_kind, entries.Length);
            var rows = await _execute(Lines(entries.Span)).WaitAsync(_watch.Lost);
            _watch.Answered();
            for (var index = 0; index < rows.Length; index++)
            {
                entries.Span[index].TrySetResult(rows[index]);
            }
        }
        catch (Exception exception) when (entries.Length > 1 && LineFailure.IsByOneLine(exception))
        {
            await RunAsync(entries[..(entries.Length / 2)]);
            await RunAsync(entries[(entries.Length / 2)..]);
        }
        catch (OperationCanceledException lost)
        {
            Fail(entries.Span, new TimeoutException("The database does not answer.", lost));
        }
        catch (Exception exception)
        {
            Fail(entries.Span, exception);
        }
    }

    private static TLine[] Lines(ReadOnlySpan<Entry> entries)
    {
        var lines = new TLine[entries.Length];
        for (var index = 0; index < lines.Length; index++)
        {
            lines[index] = entries[index].Line;
        }

        return lines;
    }

    private static void Fail(ReadOnlySpan<Entry> entries, Exception exception)
    {
        foreach (var entry in entries)
        {
            entry.TrySetException(exception);
        }
    }

    private TimeoutException Refuse(string reason, string message)
    {
        _metrics.LineRefused(_kind, reason);
        return new TimeoutException(message);
    }

    // Continuations elsewhere: a caller's next step is not the next statement's business.
    private sealed class Entry(TLine line) : TaskCompletionSource<TRow>(TaskCreationOptions.RunContinuationsAsynchronously)
    {
        public TLine Line => line;

        public Activity? Caller { get; } = Activity.Current;
    }
}

internal enum StatementKind
{
    Hold,
    Extend,
    Settle,
    Release,
}

/// <param name="Lines">In one statement at most.</param>
/// <param name="Statements">That run at a time at most.</param>
/// <param name="WaitingLines">In the queue at most.</param>
internal sealed record CombinerSettings(int Lines, int Statements, int WaitingLines);
