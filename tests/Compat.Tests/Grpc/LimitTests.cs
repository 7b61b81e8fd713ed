using Google.Protobuf;
using Grpc.Core;
using Grpc.Net.Client;
using LlmGateway.Compat.Tests.Grpc.Protos;
using LlmGateway.Compat.Tests.Grpc.Raw;
using Microsoft.Extensions.DependencyInjection;

namespace LlmGateway.Compat.Tests.Grpc;

/// <summary>Limits of size and of parallel calls: W30, W31 in part, W32.</summary>
public sealed class LimitTests
{
    private const int MiB = 1024 * 1024;

    [Theory]
    [Trait("Wire", "W30")]
    [InlineData(4u * MiB + 1)]
    [InlineData(int.MaxValue)]
    [InlineData(uint.MaxValue)]
    public async Task W30_the_server_refuses_a_declared_length_over_the_limit_before_its_bytes_come(uint length)
    {
        await using var host = await PeerHost.StartAsync();
        foreach (var method in new[] { "Echo", "Sum" })
        {
            await using var wire = await Http2Wire.ConnectAsync(host.Port);
            await wire.SendCallAsync(1, method);
            await wire.SendDataAsync(1, GrpcFrame.Header(length));
            var frames = await wire.ReadToEndAsync();

            frames[^1].Field("grpc-status").ShouldBe("8");
        }
    }

    [Theory]
    [Trait("Wire", "W30")]
    [InlineData(4u * MiB + 1)]
    [InlineData(int.MaxValue)]
    [InlineData(uint.MaxValue)]
    public async Task W30_the_client_refuses_a_declared_length_over_the_limit_before_its_bytes_come(uint length)
    {
        await using var host = await LoopbackHost.AnsweringAsync(async http =>
        {
            await http.WriteAsync(GrpcFrame.Header(length));
            await http.ParkAsync();
        });
        using var channel = GrpcChannel.ForAddress(host.Address);
        var client = new Peer.PeerClient(channel);

        var unary = await Should.ThrowAsync<RpcException>(() => client.EchoAsync(new EchoRequest()).ResponseAsync.Soon());
        using var call = client.Count(new CountRequest());
        var stream = await Should.ThrowAsync<RpcException>(() => call.ResponseStream.MoveNext().Soon());

        unary.StatusCode.ShouldBe(StatusCode.ResourceExhausted);
        stream.StatusCode.ShouldBe(StatusCode.ResourceExhausted);
    }

    [Fact]
    [Trait("Wire", "W30")]
    public async Task W30_a_message_of_exactly_the_limit_passes()
    {
        await using var host = await PeerHost.StartAsync();
        // Tag and length of the payload field take 5 bytes.
        var request = new EchoRequest { Payload = ByteString.CopyFrom(new byte[4 * MiB - 5]) };
        request.CalculateSize().ShouldBe(4 * MiB);

        var reply = await host.Client.EchoAsync(request).ResponseAsync.Soon();

        reply.ReceivedBytes.ShouldBe(4 * MiB - 5);
    }

    [Fact]
    [Trait("Wire", "W30")]
    public async Task W30_without_limits_five_megabytes_pass_both_ways()
    {
        await using var host = await PeerHost.StartAsync(options: grpc => grpc.MaxReceiveMessageSize = null);
        using var channel = GrpcChannel.ForAddress(host.Address, new GrpcChannelOptions { MaxReceiveMessageSize = null });

        var reply = await new Peer.PeerClient(channel).EchoAsync(
            new EchoRequest { Payload = ByteString.CopyFrom(new byte[5 * MiB]), ReplyBytes = 5 * MiB }).ResponseAsync.Soon();

        reply.ReceivedBytes.ShouldBe(5 * MiB);
        reply.Payload.Length.ShouldBe(5 * MiB);
    }

    [Fact]
    [Trait("Wire", "W30")]
    public async Task W30_one_service_can_have_limits_of_its_own()
    {
        await using var host = await PeerHost.StartAsync(
            options: grpc => grpc.MaxReceiveMessageSize = 10,
            build: builder => builder.Services.AddGrpc().AddServiceOptions<PeerService>(service => service.MaxReceiveMessageSize = 1000));

        var fits = await host.Raw.CallAsync("Echo", new EchoRequest { Text = new string('x', 500) });
        var larger = await host.Raw.CallAsync("Echo", new EchoRequest { Text = new string('x', 1500) });

        fits.Status.ShouldBe("0");
        larger.Status.ShouldBe("8");
    }

    [Fact]
    [Trait("Wire", "W30")]
    public async Task W30_the_clients_send_limit_is_kept_before_anything_reaches_a_handler()
    {
        var received = new List<string>();
        await using var host = await PeerHost.StartAsync(new PeerHandlers
        {
            Echo = (request, _) =>
            {
                received.Add(request.Text);
                return Task.FromResult(new EchoReply());
            },
        });
        using var channel = GrpcChannel.ForAddress(host.Address, new GrpcChannelOptions { MaxSendMessageSize = 10 });
        var client = new Peer.PeerClient(channel);

        var error = await Should.ThrowAsync<RpcException>(
            () => client.EchoAsync(new EchoRequest { Text = "more than ten bytes" }).ResponseAsync.Soon());
        await client.EchoAsync(new EchoRequest { Text = "ten" }).ResponseAsync.Soon();

        error.StatusCode.ShouldBe(StatusCode.ResourceExhausted);
        received.ShouldBe(["ten"]);
    }

    [Fact]
    [Trait("Wire", "W30")]
    public async Task W30_the_servers_send_limit_is_a_failure_of_the_call()
    {
        await using var host = await PeerHost.StartAsync(options: grpc => grpc.MaxSendMessageSize = 1000);

        var answer = await host.Raw.CallAsync("Echo", new EchoRequest { ReplyBytes = 2000 });

        answer.Status.ShouldBe("8");
        answer.Body.ShouldBeEmpty();
    }

    [Fact]
    [Trait("Wire", "W31")]
    public async Task W31_a_client_stream_may_be_larger_than_Kestrels_thirty_megabytes()
    {
        await using var host = await PeerHost.StartAsync();
        var message = new SumRequest { Value = 1, Payload = ByteString.CopyFrom(new byte[MiB]) };

        using var call = host.Client.Sum();
        for (var i = 0; i < 33; i++)
        {
            await call.RequestStream.WriteAsync(message).Soon();
        }

        await call.RequestStream.CompleteAsync();
        var reply = await call.ResponseAsync.Soon();

        reply.ShouldBe(new SumReply { Total = 33, Messages = 33, ReceivedBytes = 33L * MiB });
    }

    [Fact]
    [Trait("Wire", "W31")]
    public async Task W31_a_bidirectional_stream_may_be_larger_than_Kestrels_thirty_megabytes()
    {
        await using var host = await PeerHost.StartAsync();
        var message = new ChatMessage { Payload = ByteString.CopyFrom(new byte[3 * MiB]) };

        using var call = host.Client.Chat();
        for (var i = 0; i < 11; i++)
        {
            await call.RequestStream.WriteAsync(message).Soon();
            (await call.ResponseStream.MoveNext().Soon()).ShouldBeTrue();
            call.ResponseStream.Current.Payload.Length.ShouldBe(3 * MiB);
        }

        await call.RequestStream.CompleteAsync();
        (await call.ResponseStream.MoveNext().Soon()).ShouldBeFalse();
    }

    [Fact]
    [Trait("Wire", "W32")]
    public async Task W32_more_calls_than_a_connection_carries_are_in_flight_on_one_channel()
    {
        const int Calls = 250;
        var waiting = 0;
        var allHere = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var release = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var host = await PeerHost.StartAsync(new PeerHandlers
        {
            Echo = async (request, _) =>
            {
                if (Interlocked.Increment(ref waiting) == Calls)
                {
                    allHere.SetResult();
                }

                await release.Task;
                return new EchoReply { Text = request.Text };
            },
        });

        var calls = Enumerable.Range(0, Calls).Select(i => host.Client.EchoAsync(new EchoRequest { Text = $"{i}" }).ResponseAsync).ToList();
        await allHere.Task.Soon();
        calls.ShouldAllBe(call => !call.IsCompleted);
        release.SetResult();
        var replies = await Task.WhenAll(calls).Soon();

        replies.Select(reply => reply.Text).ShouldBe(Enumerable.Range(0, Calls).Select(i => $"{i}"));
    }
}
