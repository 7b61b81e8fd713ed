using System.Runtime.CompilerServices;
using Google.Protobuf;
using Grpc.Core;
using LlmGateway.Protos.Routing.V1;

namespace LlmGateway.Routing.Calls;

/// <summary>The client's end of a call. A client that left is an answer of false here, never an exception in the middle of the money.</summary>
internal sealed class CallOutput(IServerStreamWriter<CompleteEvent> writer, CancellationToken client)
{
    private static readonly WriteOptions Later = new(WriteFlags.BufferHint);

    /// <summary>The catalogue's name of what was asked for; empty until it is known.</summary>
    public string Model { get; set; } = "";

    /// <summary>The call's last event was written, or could not be.</summary>
    public bool HasEnded { get; private set; }

    /// <param name="attempt">Who answers.</param>
    /// <param name="attempts">How many it took.</param>
    /// <param name="waited">For providers, until now.</param>
    public ValueTask<bool> StartedAsync(Attempt attempt, int attempts, TimeSpan waited) => WriteAsync(new CompleteEvent
    {
        Started = new Started
        {
            Provider = attempt.Deployment.Provider,
            Model = attempt.Deployment.ModelName,
            Deployment = attempt.Deployment.Id,
            Attempts = attempts,
            ProviderMicroseconds = (long)waited.TotalMicroseconds,
        },
    }, flush: false);

    public ValueTask<bool> ChunkAsync(Chunk chunk, bool last = false) => WriteAsync(new CompleteEvent { Chunk = chunk }, flush: !last);

    /// <summary>The last events before the end.</summary>
    public ValueTask<bool> ChunkAsync(IReadOnlyList<ReadOnlyMemory<byte>> events)
    {
        var chunk = new Chunk();
        chunk.Events.AddRange(events.Select(UnsafeByteOperations.UnsafeWrap));
        return ChunkAsync(chunk, last: true);
    }

    public ValueTask<bool> EndedAsync(Ended ended)
    {
        HasEnded = true;
        return WriteAsync(new CompleteEvent { Ended = ended }, flush: true);
    }

    /// <param name="fault">Why there is no answer, or no whole one.</param>
    /// <param name="attempts">Made.</param>
    /// <param name="budgetSpent">No more could be made.</param>
    public ValueTask<bool> FailedAsync(CallFault fault, int attempts, bool budgetSpent = false)
    {
        HasEnded = true;
        var failed = fault.ToMessage(attempts);
        failed.BudgetSpent = budgetSpent;
        failed.Model = Model;
        return WriteAsync(new CompleteEvent { Failed = failed }, flush: true);
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<bool> WriteAsync(CompleteEvent item, bool flush)
    {
        try
        {
            writer.WriteOptions = flush ? null : Later;
            await writer.WriteAsync(item, client);
            return true;
        }
        catch (Exception e) when (
            e is RpcException or OperationCanceledException or IOException or InvalidOperationException || client.IsCancellationRequested)
        {
            // InvalidOperationException is gRPC's "the request is complete": a call may be over before its token says so.
            return false;
        }
    }
}
