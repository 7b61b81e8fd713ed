using Grpc.Core;
using LlmGateway.Keys.Changes;
using LlmGateway.Protos.Keys.V1;

namespace LlmGateway.Keys.Tests.Changes;

/// <summary>One open stream of changes.</summary>
internal sealed class Watcher(AsyncServerStreamingCall<RevocationsReply> call) : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    public static Watcher Open(KeysHost host, long? after = null)
    {
        var request = new WatchRevocationsRequest();
        if (after is { } position)
        {
            request.AfterPosition = position;
        }

        return new Watcher(host.Client.WatchRevocations(request));
    }

    /// <summary>Null at the stream's end.</summary>
    public async Task<RevocationsReply?> NextAsync(TimeSpan? patience = null)
    {
        using var limit = new CancellationTokenSource(patience ?? Patience);
        return await call.ResponseStream.MoveNext(limit.Token) ? call.ResponseStream.Current : null;
    }

    public async Task<RevocationsReply> NextWithChangesAsync()
    {
        while (true)
        {
            var reply = (await NextAsync()).ShouldNotBeNull();
            if (reply.Changes.Count > 0)
            {
                return reply;
            }
        }
    }

    public void Dispose() => call.Dispose();

    public static async Task AppendAsync(string database, params string[] keys)
    {
        await using var db = Database.Open(database);
        await using var transaction = await db.Database.BeginTransactionAsync();
        await ChangeLog.AppendAsync(db, [.. keys.Select(key => (ChangedThing.Key, key))], CancellationToken.None);
        await transaction.CommitAsync();
    }
}
