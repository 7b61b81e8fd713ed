using Google.Protobuf;
using Grpc.Core;
using Grpc.Net.Client;
using LlmGateway.Compat.Tests.Grpc.Protos;
using LlmGateway.Compat.Tests.Grpc.Raw;

namespace LlmGateway.Compat.Tests.Grpc;

/// <summary>Readers and writers of streams: W33.</summary>
public sealed class StreamTests
{
    [Fact]
    [Trait("Wire", "W33")]
    public async Task W33_the_client_refuses_a_second_write_while_one_is_pending()
    {
        // More than the stream's window to a server that does not read.
        await using var host = await LoopbackHost.AnsweringAsync(http => http.ParkAsync());
        using var channel = GrpcChannel.ForAddress(host.Address);

        using var call = new Peer.PeerClient(channel).Sum();
        var first = call.RequestStream.WriteAsync(new SumRequest { Payload = ByteString.CopyFrom(new byte[8 * 1024 * 1024]) });
        await Should.ThrowAsync<InvalidOperationException>(() => call.RequestStream.WriteAsync(new SumRequest()).Soon());

        first.IsCompleted.ShouldBeFalse();
    }

    [Fact]
    [Trait("Wire", "W33")]
    public async Task W33_the_client_refuses_a_second_read_while_one_is_pending()
    {
        await using var host = await LoopbackHost.AnsweringAsync(http => http.ParkAsync());
        using var channel = GrpcChannel.ForAddress(host.Address);

        using var call = new Peer.PeerClient(channel).Count(new CountRequest());
        var first = call.ResponseStream.MoveNext();
        await Should.ThrowAsync<InvalidOperationException>(() => call.ResponseStream.MoveNext().Soon());

        first.IsCompleted.ShouldBeFalse();
    }

    [Fact]
    [Trait("Wire", "W33")]
    public async Task W33_nothing_can_be_written_after_the_end_of_a_stream()
    {
        await using var host = await PeerHost.StartAsync();

        using var call = host.Client.Sum();
        await call.RequestStream.CompleteAsync().Soon();

        await Should.ThrowAsync<InvalidOperationException>(() => call.RequestStream.WriteAsync(new SumRequest()).Soon());
        (await call.ResponseAsync.Soon()).Messages.ShouldBe(0);
    }

    [Fact]
    [Trait("Wire", "W33")]
    public async Task W33_the_server_refuses_a_second_read_while_one_is_pending()
    {
        var second = new TaskCompletionSource<Exception>();
        await using var host = await PeerHost.StartAsync(new PeerHandlers
        {
            Sum = async (stream, _) =>
            {
                var first = stream.MoveNext();
                second.SetResult(await Record.ExceptionAsync(() => stream.MoveNext().Soon()));
                await first;
                return new SumReply();
            },
        });

        using var call = host.Client.Sum();

        (await second.Task.Soon()).ShouldBeOfType<InvalidOperationException>();
        await call.RequestStream.CompleteAsync().Soon();
        await call.ResponseAsync.Soon();
    }

    [Fact]
    [Trait("Wire", "W33")]
    public async Task W33_the_server_refuses_a_second_write_while_one_is_pending()
    {
        var second = new TaskCompletionSource<(Exception Error, bool FirstPending)>();
        await using var host = await PeerHost.StartAsync(new PeerHandlers
        {
            Count = async (_, stream, _) =>
            {
                var first = stream.WriteAsync(new CountReply { Payload = ByteString.CopyFrom(new byte[2 * 1024 * 1024]) });
                var error = await Record.ExceptionAsync(() => stream.WriteAsync(new CountReply()).Soon());
                second.SetResult((error, !first.IsCompleted));
                await first;
            },
        });
        // A client that opens no window beyond the first 64 KiB.
        await using var wire = await Http2Wire.ConnectAsync(host.Port, window: ushort.MaxValue);

        await wire.SendCallAsync(1, "Count");
        await wire.SendDataAsync(1, new byte[5], endStream: true);
        var (error, firstPending) = await second.Task.Soon();

        firstPending.ShouldBeTrue();
        error.ShouldBeOfType<InvalidOperationException>();
    }

    [Fact]
    [Trait("Wire", "W33")]
    public async Task W33_the_headers_of_a_call_leave_before_its_first_message()
    {
        var arrived = new TaskCompletionSource();
        await using var host = await LoopbackHost.AnsweringAsync(http =>
        {
            arrived.TrySetResult();
            return http.ParkAsync();
        });
        using var channel = GrpcChannel.ForAddress(host.Address);
        var client = new Peer.PeerClient(channel);

        using var chat = client.Chat();
        await arrived.Task.Soon();
    }

    [Fact]
    [Trait("Wire", "W33")]
    public async Task W33_the_server_may_speak_first_and_after_the_client_has_finished()
    {
        var halfClosed = new TaskCompletionSource();
        await using var host = await PeerHost.StartAsync(new PeerHandlers
        {
            Chat = async (requests, replies, _) =>
            {
                await replies.WriteAsync(new ChatMessage { Text = "hello" });
                while (await requests.MoveNext())
                {
                }

                halfClosed.SetResult();
                await replies.WriteAsync(new ChatMessage { Text = "bye" });
            },
        });

        using var call = host.Client.Chat();
        (await call.ResponseStream.MoveNext().Soon()).ShouldBeTrue();
        call.ResponseStream.Current.Text.ShouldBe("hello");
        halfClosed.Task.IsCompleted.ShouldBeFalse();
        await call.RequestStream.WriteAsync(new ChatMessage()).Soon();
        await call.RequestStream.CompleteAsync().Soon();
        await halfClosed.Task.Soon();
        (await call.ResponseStream.MoveNext().Soon()).ShouldBeTrue();
        call.ResponseStream.Current.Text.ShouldBe("bye");
        (await call.ResponseStream.MoveNext().Soon()).ShouldBeFalse();
        (await call.ResponseStream.MoveNext().Soon()).ShouldBeFalse();
    }

    [Fact]
    [Trait("Wire", "W33")]
    public async Task W33_the_end_of_a_stream_is_in_a_frame_that_ends_it()
    {
        var frames = new TaskCompletionSource<List<Frame>>();
        await using var server = Http2Server.Start(async wire => frames.SetResult(await wire.ReadToEndAsync()));
        using var channel = GrpcChannel.ForAddress(server.Address);

        using var call = new Peer.PeerClient(channel).Sum();
        await call.RequestStream.WriteAsync(new SumRequest { Value = 5 }).Soon();
        await call.RequestStream.CompleteAsync().Soon();

        var data = (await frames.Task.Soon()).Where(frame => frame.Type == FrameType.Data).SelectMany(frame => frame.Payload).ToArray();
        data.ShouldBe(GrpcFrame.Of(new SumRequest { Value = 5 }));
    }

    [Fact]
    [Trait("Wire", "W33")]
    public async Task Each_written_message_leaves_at_once()
    {
        await using var host = await PeerHost.StartAsync();

        using var call = host.Client.Chat();
        for (var i = 0; i < 100; i++)
        {
            await call.RequestStream.WriteAsync(new ChatMessage { Text = $"{i}" }).Soon();
            (await call.ResponseStream.MoveNext().Soon()).ShouldBeTrue();
            call.ResponseStream.Current.Text.ShouldBe($"{i}");
        }
    }

    [Fact]
    [Trait("Wire", "W33")]
    public async Task Messages_written_with_a_buffer_hint_all_arrive_in_order()
    {
        await using var host = await PeerHost.StartAsync(new PeerHandlers
        {
            Count = async (request, stream, _) =>
            {
                stream.WriteOptions = new WriteOptions(WriteFlags.BufferHint);
                for (var number = 0; number < request.Count; number++)
                {
                    await stream.WriteAsync(new CountReply { Number = number });
                }
            },
        });

        using var call = host.Client.Count(new CountRequest { Count = 2_000 });

        (await call.ResponseStream.ReadAllAsync().Select(reply => reply.Number).ToListAsync()).ShouldBe(Enumerable.Range(0, 2_000));
    }

    [Fact]
    public async Task A_reader_that_has_not_moved_has_no_current_message()
    {
        await using var host = await PeerHost.StartAsync();

        using var call = host.Client.Count(new CountRequest { Count = 1 });

        call.ResponseStream.Current.ShouldBeNull();
    }
}
