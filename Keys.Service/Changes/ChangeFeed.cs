using System.Diagnostics;
using System.Threading.Channels;
using Npgsql;

namespace LlmGateway.Keys.Changes;

/// <summary>What this process knows of the newest change.</summary>
/// <param name="Newest">Its position.</param>
/// <param name="ReadAt">The timestamp at which the database began to be asked; 0 before the first time.</param>
internal sealed record ChangeMoment(long Newest, long ReadAt)
{
    // Without a reference to the moment that follows: a reader that sleeps on an old one must not keep the whole chain.
    private readonly TaskCompletionSource _over = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Ends when the database has been read again.</summary>
    public Task Over => _over.Task;

    public void End() => _over.SetResult();
}

/// <summary>
/// Reads the newest position each half a second, and at once when <see cref="ChangeListener"/> hears of a change. The half second is
/// for a lost connection and for a pooler in between, which PostgreSQL's notifications do not cross.
/// </summary>
internal sealed partial class ChangeFeed(NpgsqlDataSource database, TimeProvider time, ILogger<ChangeFeed> logger) : BackgroundService
{
    /// <summary>What is older vouches for nothing.</summary>
    public static readonly TimeSpan Fresh = TimeSpan.FromSeconds(1);

    /// <summary>Between two looks at the database that nobody wished for.</summary>
    public static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(400);

    private readonly Channel<bool> _wishes = Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });
    private ChangeMoment _current = new(Newest: 0, ReadAt: 0);

    public ChangeMoment Current => Volatile.Read(ref _current);

    /// <summary>Whether the database was really read within the last second.</summary>
    public bool IsFresh(ChangeMoment moment) => moment.ReadAt != 0 && time.GetElapsedTime(moment.ReadAt) < Fresh;

    /// <summary>Asks for a look at the database now.</summary>
    public void Wake() => _wishes.Writer.TryWrite(true);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var failed = false;
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                await ReadAsync(stoppingToken);
                failed = false;
            }
            catch (Exception exception) when (!stoppingToken.IsCancellationRequested)
            {
                // Whatever it was, it must not end the reading. Once for an outage, not at each try.
                if (!failed)
                {
                    Log.Failed(logger, exception.GetBaseException().Message);
                }

                failed = true;
            }

            await WaitAsync(stoppingToken);
        }
    }

    private async Task ReadAsync(CancellationToken stoppingToken)
    {
        // A parent that is not sampled: mostly nothing is new.
        using var untraced = new Activity("changes").Start();
        using var patience = new CancellationTokenSource(Fresh, time);
        using var limited = CancellationTokenSource.CreateLinkedTokenSource(stoppingToken, patience.Token);
        var readAt = time.GetTimestamp();
        var batch = await ChangeBatch.ReadAsync(database, after: null, limited.Token);
        Interlocked.Exchange(ref _current, new ChangeMoment(batch.Newest, readAt)).End();
    }

    private async Task WaitAsync(CancellationToken stoppingToken)
    {
        using var interval = new CancellationTokenSource(Interval, time);
        using var wait = CancellationTokenSource.CreateLinkedTokenSource(stoppingToken, interval.Token);
        try
        {
            await _wishes.Reader.ReadAsync(wait.Token);
        }
        catch (OperationCanceledException)
        {
            // Nobody wished for it, and it is time all the same; or the service stops, which the caller looks for.
        }
    }

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Warning,
            "The log of changes cannot be read, so gateways hear nothing until it can: {Reason}")]
        public static partial void Failed(ILogger logger, string reason);
    }
}
