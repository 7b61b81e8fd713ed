using System.Collections.Concurrent;
using Google.Protobuf;
using Grpc.Core;
using LlmGateway.Compat.Tests.Grpc.Protos;

namespace LlmGateway.Compat.Tests.Grpc;

/// <summary>What the C# peer does in each method: peer.proto's behaviour, or what a test puts in its place.</summary>
public sealed class PeerHandlers
{
    private readonly ConcurrentDictionary<string, TaskCompletionSource> _cancelled = new();

    public PeerHandlers()
    {
        Echo = EchoAsync;
        Count = CountAsync;
        Sum = SumAsync;
        Chat = ChatAsync;
    }

    public Func<EchoRequest, ServerCallContext, Task<EchoReply>> Echo { get; init; }

    public Func<CountRequest, IServerStreamWriter<CountReply>, ServerCallContext, Task> Count { get; init; }

    public Func<IAsyncStreamReader<SumRequest>, ServerCallContext, Task<SumReply>> Sum { get; init; }

    public Func<IAsyncStreamReader<ChatMessage>, IServerStreamWriter<ChatMessage>, ServerCallContext, Task> Chat { get; init; }

    public async Task<CallId> CancelledAsync(CallId request, ServerCallContext context)
    {
        await Cancellation(request.Id).Task.WaitAsync(context.CancellationToken);
        return request;
    }

    private async Task<EchoReply> EchoAsync(EchoRequest request, ServerCallContext context)
    {
        using var watch = Watch(request.CallId, context);
        await EchoMetadataAsync(context);
        if (request.DelayMs > 0)
        {
            await Task.Delay(request.DelayMs, context.CancellationToken);
        }

        foreach (var (key, value) in request.Trailers)
        {
            context.ResponseTrailers.Add(key, value);
        }

        ThrowIfAsked(request.Status, request.Message);
        return new EchoReply
        {
            Text = request.Text,
            Payload = ByteString.CopyFrom(new byte[request.ReplyBytes]),
            ReceivedBytes = request.Payload.Length,
        };
    }

    private async Task CountAsync(CountRequest request, IServerStreamWriter<CountReply> stream, ServerCallContext context)
    {
        using var watch = Watch(request.CallId, context);
        for (var number = 0; number < request.Count; number++)
        {
            if (number > 0 && request.DelayMs > 0)
            {
                await Task.Delay(request.DelayMs, context.CancellationToken);
            }

            await stream.WriteAsync(new CountReply { Number = number });
        }

        ThrowIfAsked(request.Status, request.Message);
    }

    private static async Task<SumReply> SumAsync(IAsyncStreamReader<SumRequest> stream, ServerCallContext context)
    {
        var reply = new SumReply();
        await foreach (var message in stream.ReadAllAsync(context.CancellationToken))
        {
            reply.Total += message.Value;
            reply.ReceivedBytes += message.Payload.Length;
            reply.Messages++;
        }

        return reply;
    }

    private static async Task ChatAsync(
        IAsyncStreamReader<ChatMessage> requests, IServerStreamWriter<ChatMessage> replies, ServerCallContext context)
    {
        await foreach (var message in requests.ReadAllAsync(context.CancellationToken))
        {
            await replies.WriteAsync(message);
        }
    }

    private static async Task EchoMetadataAsync(ServerCallContext context)
    {
        var head = new Metadata();
        foreach (var entry in context.RequestHeaders)
        {
            if (entry.Key.StartsWith("head-", StringComparison.Ordinal))
            {
                head.Add(entry);
            }
            else if (entry.Key.StartsWith("echo-", StringComparison.Ordinal))
            {
                context.ResponseTrailers.Add(entry);
            }
        }

        if (head.Count > 0)
        {
            await context.WriteResponseHeadersAsync(head);
        }
    }

    private static void ThrowIfAsked(int status, string message)
    {
        if (status != 0)
        {
            throw new RpcException(new Status((StatusCode)status, message));
        }
    }

    private CancellationTokenRegistration Watch(string callId, ServerCallContext context) =>
        callId.Length == 0 ? default : context.CancellationToken.Register(() => Cancellation(callId).TrySetResult());

    private TaskCompletionSource Cancellation(string callId) =>
        _cancelled.GetOrAdd(callId, _ => new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));
}

internal class PeerService(PeerHandlers handlers) : Peer.PeerBase
{
    public override Task<EchoReply> Echo(EchoRequest request, ServerCallContext context) => handlers.Echo(request, context);

    public override Task Count(CountRequest request, IServerStreamWriter<CountReply> responseStream, ServerCallContext context) =>
        handlers.Count(request, responseStream, context);

    public override Task<SumReply> Sum(IAsyncStreamReader<SumRequest> requestStream, ServerCallContext context) =>
        handlers.Sum(requestStream, context);

    public override Task Chat(
        IAsyncStreamReader<ChatMessage> requestStream, IServerStreamWriter<ChatMessage> responseStream, ServerCallContext context) =>
        handlers.Chat(requestStream, responseStream, context);

    public override Task<CallId> Cancelled(CallId request, ServerCallContext context) => handlers.CancelledAsync(request, context);
}
