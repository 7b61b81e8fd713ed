using System.Diagnostics;
using Npgsql;

namespace LlmGateway.Billing.Ledger;

/// <summary>
/// Knows within a second that the database has gone, and soon that it is back. While it is lost, calls are refused at once instead of each
/// finding out by its own deadline, and nobody waits for statements that hang. One that refuses connections is lost at the first refusal; a
/// silent one after half a second without any answer, a statement's of the ledger included, so that a slow one is not taken for it.
/// </summary>
/// <param name="database">One connection of its own: it must not wait for those that it watches.</param>
/// <param name="logger">Once for an outage, and once for its end.</param>
internal sealed partial class DatabaseWatch(NpgsqlDataSource database, ILogger<DatabaseWatch> logger) : BackgroundService
{
    // By the sockets' clock and not TimeProvider's, which may be a test's that jumps. Counted in ticks, so that a process that gets no
    // CPU does not take that for the database's silence.
    private static readonly TimeSpan Tick = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan Quiet = 2 * Tick;
    private const int PatientTicks = 5;

    private CancellationTokenSource _lost = new();
    private int _outages;
    private long _answered = Stopwatch.GetTimestamp();

    public bool IsLost => Volatile.Read(ref _lost).IsCancellationRequested;

    /// <summary>Cancelled when the database is lost; another one once it is back.</summary>
    public CancellationToken Lost => Volatile.Read(ref _lost).Token;

    /// <summary>How often it was lost.</summary>
    public int Outages => Volatile.Read(ref _outages);

    /// <summary>A statement of the ledger was answered.</summary>
    public void Answered() => Volatile.Write(ref _answered, Stopwatch.GetTimestamp());

    public override void Dispose()
    {
        base.Dispose();
        _lost.Dispose();
        database.Dispose();
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Tick);
        while (await timer.WaitForNextTickAsync(stoppingToken))
        {
            if (IsLost || Stopwatch.GetElapsedTime(Volatile.Read(ref _answered)) > Quiet)
            {
                await LookAsync(timer, stoppingToken);
            }
        }
    }

    private async Task LookAsync(PeriodicTimer timer, CancellationToken stoppingToken)
    {
        // The question is never cancelled: the driver would try, on the caller's thread, to tell a server that does not listen.
        var asked = Stopwatch.GetTimestamp();
        var question = AskAsync();
        for (var ticks = 1; !question.IsCompleted; ticks++)
        {
            await timer.WaitForNextTickAsync(stoppingToken);
            if (ticks >= PatientTicks && Volatile.Read(ref _answered) < asked)
            {
                Lose("it is silent");
            }
        }

        if (await question is not { } failure)
        {
            Answered();
            Find();
        }
        else if (Volatile.Read(ref _answered) < asked)
        {
            Lose(failure);
        }
    }

    /// <returns>Null for an answer, else what came instead.</returns>
    private async Task<string?> AskAsync()
    {
        // A parent that is not sampled: a trace of nothing, several times a second, would bury the calls'.
        using var untraced = new Activity("watch the database").Start();
        try
        {
            await using var command = database.CreateCommand("select 1");
            await command.ExecuteScalarAsync(CancellationToken.None);
            return null;
        }
        catch (PostgresException error) when (!error.SqlState.StartsWith("57P", StringComparison.Ordinal))
        {
            // It has its reasons, and it answers. 57P is a server that starts or stops.
            return null;
        }
        catch (Exception exception)
        {
            return exception.Message;
        }
    }

    private void Lose(string reason)
    {
        if (!IsLost)
        {
            Log.Lost(logger, reason);
            Interlocked.Increment(ref _outages);
            _lost.Cancel();
        }
    }

    private void Find()
    {
        if (IsLost)
        {
            // Not disposed: a statement may be about to take its token.
            Volatile.Write(ref _lost, new CancellationTokenSource());
            Log.Found(logger);
        }
    }

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Error, "The database does not answer: {Reason}. Calls are refused until it does.")]
        public static partial void Lost(ILogger logger, string reason);

        [LoggerMessage(2, LogLevel.Information, "The database answers again.")]
        public static partial void Found(ILogger logger);
    }
}
