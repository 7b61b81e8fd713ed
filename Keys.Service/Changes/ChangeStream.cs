using LlmGateway.Protos.Keys.V1;
using Npgsql;

namespace LlmGateway.Keys.Changes;

/// <summary>Tells one caller of every change, in order, for as long as it listens.</summary>
/// <remarks>
/// 1. A caller that is not at the newest position reads the log in batches of its own until it is. One that reads slowly holds nothing but
///    the batch that it is being sent.
/// 2. One that is hears so each time that this process has read the newest position, which is at least each second.
/// 3. While the database cannot be read nothing is said: silence is how a caller learns that what it remembers may be old.
/// </remarks>
internal sealed partial class ChangeStream(NpgsqlDataSource database, ChangeFeed feed, TimeProvider time, ILogger<ChangeStream> logger)
{
    /// <param name="after">The last position that the caller has seen; null for from now on.</param>
    /// <param name="write">Sends one message, and returns when there is room for the next.</param>
    /// <param name="cancellationToken">Ends it.</param>
    public async Task RunAsync(long? after, Func<RevocationsReply, Task> write, CancellationToken cancellationToken)
    {
        var position = after;
        var mustRead = true;
        while (true)
        {
            var moment = feed.Current;
            if (mustRead || moment.Newest != position)
            {
                (position, var isCurrent) = await CatchUpAsync(position, write, cancellationToken);
                mustRead = !isCurrent;
            }
            else if (feed.IsFresh(moment))
            {
                await write(new RevocationsReply { Position = moment.Newest, IsCurrent = true });
            }

            await moment.Over.WaitAsync(cancellationToken);
        }
    }

    private async Task<(long? Position, bool IsCurrent)> CatchUpAsync(
        long? position, Func<RevocationsReply, Task> write, CancellationToken cancellationToken)
    {
        while (true)
        {
            if (await ReadAsync(position, cancellationToken) is not { } reply)
            {
                return (position, false);
            }

            await write(reply);
            position = reply.Position;
            if (reply.IsCurrent)
            {
                return (position, true);
            }
        }
    }

    /// <returns>Null when the database did not answer.</returns>
    private async Task<RevocationsReply?> ReadAsync(long? position, CancellationToken cancellationToken)
    {
        using var patience = new CancellationTokenSource(ChangeFeed.Fresh, time);
        using var limited = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, patience.Token);
        try
        {
            var readAt = time.GetTimestamp();
            var batch = await ChangeBatch.ReadAsync(database, position, limited.Token);
            return ToReply(batch, position, isFresh: time.GetElapsedTime(readAt) < ChangeFeed.Fresh);
        }
        catch (Exception exception) when (!cancellationToken.IsCancellationRequested)
        {
            Log.Unread(logger, exception.GetBaseException().Message);
            return null;
        }
    }

    private static RevocationsReply ToReply(ChangeBatch batch, long? position, bool isFresh)
    {
        var isKnown = position is not { } known || batch.Knows(known);
        var isAll = !isKnown || batch.IsComplete;
        return new RevocationsReply
        {
            Changes = { isKnown ? batch.Changes.Select(change => change.Change) : [] },
            Position = isAll ? batch.Newest : batch.Changes[^1].Position,
            IsCurrent = isAll && isFresh,
            Reset = !isKnown,
        };
    }

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Debug, "A gateway's changes could not be read: {Reason}")]
        public static partial void Unread(ILogger logger, string reason);
    }
}
