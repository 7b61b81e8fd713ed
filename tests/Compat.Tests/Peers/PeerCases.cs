using System.Diagnostics;
using Google.Protobuf;
using Grpc.Core;
using Grpc.Net.Client;
using LlmGateway.Compat.Tests.Grpc;
using LlmGateway.Compat.Tests.Grpc.Protos;

namespace LlmGateway.Compat.Tests.Peers;

/// <summary>Our client against any server of peer.proto. The scripts' clients have the same cases under the same names.</summary>
public static class PeerCases
{
    private const int MiB = 1024 * 1024;

    private static readonly Dictionary<string, Func<Peer.PeerClient, Task>> Cases = new()
    {
        ["unary"] = UnaryAsync,
        ["server_stream"] = ServerStreamAsync,
        ["error_mid_stream"] = ErrorMidStreamAsync,
        ["client_stream"] = ClientStreamAsync,
        ["bidi_stream"] = BidiStreamAsync,
        ["deadline"] = DeadlineAsync,
        ["cancellation"] = CancellationAsync,
        ["binary_metadata"] = BinaryMetadataAsync,
        ["unicode_message"] = UnicodeMessageAsync,
        ["large_message"] = LargeMessageAsync,
        ["too_large_message"] = TooLargeMessageAsync,
        ["parallel_calls"] = ParallelCallsAsync,
        ["unimplemented"] = UnimplementedAsync,
    };

    public static TheoryData<string> Names => [.. Cases.Keys];

    public static Task RunAsync(string name, GrpcChannel channel) => Cases[name](new Peer.PeerClient(channel)).Soon();

    private static async Task UnaryAsync(Peer.PeerClient peer)
    {
        using var call = peer.EchoAsync(new EchoRequest { Text = "hello" });

        (await call).Text.ShouldBe("hello");
        call.GetStatus().StatusCode.ShouldBe(StatusCode.OK);
    }

    private static async Task ServerStreamAsync(Peer.PeerClient peer)
    {
        using var call = peer.Count(new CountRequest { Count = 1000 });

        (await call.ResponseStream.ReadAllAsync().Select(reply => reply.Number).ToListAsync()).ShouldBe(Enumerable.Range(0, 1000));
        call.GetStatus().StatusCode.ShouldBe(StatusCode.OK);
    }

    private static async Task ErrorMidStreamAsync(Peer.PeerClient peer)
    {
        using var call = peer.Count(new CountRequest { Count = 3, Status = (int)StatusCode.DataLoss, Message = "lost" });
        var received = 0;

        var error = await Should.ThrowAsync<RpcException>(async () =>
        {
            while (await call.ResponseStream.MoveNext())
            {
                received++;
            }
        });

        received.ShouldBe(3);
        error.Status.ShouldBe(new Status(StatusCode.DataLoss, "lost"));
    }

    private static async Task ClientStreamAsync(Peer.PeerClient peer)
    {
        using var call = peer.Sum();
        for (var value = 1; value <= 100; value++)
        {
            await call.RequestStream.WriteAsync(new SumRequest { Value = value });
        }

        await call.RequestStream.CompleteAsync();
        (await call).ShouldBe(new SumReply { Total = 5050, Messages = 100 });
    }

    private static async Task BidiStreamAsync(Peer.PeerClient peer)
    {
        using var call = peer.Chat();
        for (var i = 0; i < 100; i++)
        {
            await call.RequestStream.WriteAsync(new ChatMessage { Text = $"{i}" });
            (await call.ResponseStream.MoveNext()).ShouldBeTrue();
            call.ResponseStream.Current.Text.ShouldBe($"{i}");
        }

        await call.RequestStream.CompleteAsync();
        (await call.ResponseStream.MoveNext()).ShouldBeFalse();
    }

    private static async Task DeadlineAsync(Peer.PeerClient peer)
    {
        var clock = Stopwatch.StartNew();
        using var call = peer.EchoAsync(new EchoRequest { DelayMs = 30_000 }, deadline: Patience.FromNow(TimeSpan.FromMilliseconds(300)));

        (await Should.ThrowAsync<RpcException>(() => call.ResponseAsync)).StatusCode.ShouldBe(StatusCode.DeadlineExceeded);
        clock.Elapsed.ShouldBeLessThan(TimeSpan.FromSeconds(20));
    }

    private static async Task CancellationAsync(Peer.PeerClient peer)
    {
        const string Id = "our client";
        using var source = new CancellationTokenSource();
        using var call = peer.Count(new CountRequest { Count = 1_000_000, DelayMs = 5, CallId = Id }, cancellationToken: source.Token);
        (await call.ResponseStream.MoveNext()).ShouldBeTrue();
        await source.CancelAsync();

        var error = await Should.ThrowAsync<RpcException>(async () =>
        {
            while (await call.ResponseStream.MoveNext())
            {
            }
        });

        error.StatusCode.ShouldBe(StatusCode.Cancelled);
        (await peer.CancelledAsync(new CallId { Id = Id })).Id.ShouldBe(Id);
    }

    private static async Task BinaryMetadataAsync(Peer.PeerClient peer)
    {
        // One entry a key: SocketsHttpHandler joins repeated headers with a comma, and the C core (1.51) drops its connection
        // over a comma in a binary header, against the protocol.
        byte[] bytes = [0, 1, 2, 250, 255];
        using var call = peer.EchoAsync(new EchoRequest(), new Metadata
        {
            { "echo-data-bin", bytes },
            { "head-data-bin", bytes },
            { "echo-text", "plain" },
        });
        await call;

        call.GetTrailers().GetAll("echo-data-bin").Select(entry => entry.ValueBytes).ShouldBe([bytes]);
        call.GetTrailers().GetValue("echo-text").ShouldBe("plain");
        (await call.ResponseHeadersAsync).GetValueBytes("head-data-bin").ShouldBe(bytes);
    }

    private static async Task UnicodeMessageAsync(Peer.PeerClient peer)
    {
        const string Message = "né 100% \n日本 😀";
        using var call = peer.EchoAsync(
            new EchoRequest { Status = (int)StatusCode.Aborted, Message = Message, Trailers = { ["why"] = "asked" } });

        var error = await Should.ThrowAsync<RpcException>(() => call.ResponseAsync);

        error.Status.ShouldBe(new Status(StatusCode.Aborted, Message));
        error.Trailers.GetValue("why").ShouldBe("asked");
    }

    private static async Task LargeMessageAsync(Peer.PeerClient peer)
    {
        var reply = await peer.EchoAsync(new EchoRequest { Payload = ByteString.CopyFrom(new byte[3 * MiB]), ReplyBytes = 3 * MiB });

        reply.ReceivedBytes.ShouldBe(3 * MiB);
        reply.Payload.Length.ShouldBe(3 * MiB);
    }

    private static async Task TooLargeMessageAsync(Peer.PeerClient peer)
    {
        var up = await Should.ThrowAsync<RpcException>(
            () => peer.EchoAsync(new EchoRequest { Payload = ByteString.CopyFrom(new byte[5 * MiB]) }).ResponseAsync);
        var down = await Should.ThrowAsync<RpcException>(() => peer.EchoAsync(new EchoRequest { ReplyBytes = 5 * MiB }).ResponseAsync);

        up.StatusCode.ShouldBe(StatusCode.ResourceExhausted);
        down.StatusCode.ShouldBe(StatusCode.ResourceExhausted);
    }

    private static async Task ParallelCallsAsync(Peer.PeerClient peer)
    {
        var replies = await Task.WhenAll(
            Enumerable.Range(0, 250).Select(i => peer.EchoAsync(new EchoRequest { Text = $"{i}", DelayMs = 100 }).ResponseAsync));

        replies.Select(reply => reply.Text).ShouldBe(Enumerable.Range(0, 250).Select(i => $"{i}"));
    }

    private static async Task UnimplementedAsync(Peer.PeerClient peer)
    {
        var error = await Should.ThrowAsync<RpcException>(() => peer.NotOverriddenAsync(new EchoRequest()).ResponseAsync);

        error.StatusCode.ShouldBe(StatusCode.Unimplemented);
    }
}
