using System.IO.Compression;
using Google.Protobuf;
using Grpc.Core;
using Grpc.Net.Client;
using LlmGateway.Compat.Tests.Grpc.Protos;
using LlmGateway.Compat.Tests.Grpc.Raw;

namespace LlmGateway.Compat.Tests.Grpc;

/// <summary>Messages on the wire: W1, W2, W6, W7.</summary>
public sealed class FramingTests
{
    [Fact]
    [Trait("Wire", "W1")]
    public async Task W1_a_request_in_DATA_frames_of_one_byte_is_read()
    {
        await using var host = await PeerHost.StartAsync();
        await using var wire = await Http2Wire.ConnectAsync(host.Port);

        await wire.SendCallAsync(1, "Echo");
        foreach (var one in GrpcFrame.Of(new EchoRequest { Text = "byte by byte" }))
        {
            await wire.SendDataAsync(1, [one]);
        }

        await wire.SendDataAsync(1, [], endStream: true);
        var frames = await wire.ReadToEndAsync();

        var data = frames.Where(frame => frame.Type == FrameType.Data).SelectMany(frame => frame.Payload).ToArray();
        EchoReply.Parser.ParseFrom(GrpcFrame.Split(data).ShouldHaveSingleItem().Payload).Text.ShouldBe("byte by byte");
        frames[^1].Field("grpc-status").ShouldBe("0");
    }

    [Fact]
    [Trait("Wire", "W1")]
    public async Task W1_a_request_split_in_two_anywhere_is_read()
    {
        await using var host = await PeerHost.StartAsync();
        var request = GrpcFrame.Of(new EchoRequest { Text = "cut" });

        for (var cut = 0; cut <= request.Length; cut++)
        {
            var answer = await host.Raw.CallInPartsAsync("Echo", request[..cut], request[cut..]);

            answer.Status.ShouldBe("0", $"cut at {cut}");
            answer.Reply(EchoReply.Parser).Text.ShouldBe("cut");
        }
    }

    [Fact]
    [Trait("Wire", "W1")]
    public async Task W1_several_requests_in_one_DATA_frame_are_read_one_by_one()
    {
        await using var host = await PeerHost.StartAsync();
        byte[] three = [.. Enumerable.Range(1, 3).SelectMany(value => GrpcFrame.Of(new SumRequest { Value = value }))];

        var whole = await host.Raw.CallAsync("Sum", three);
        var uneven = await host.Raw.CallInPartsAsync("Sum", three[..9], three[9..10], three[10..]);

        whole.Reply(SumReply.Parser).ShouldBe(new SumReply { Total = 6, Messages = 3 });
        uneven.Reply(SumReply.Parser).ShouldBe(new SumReply { Total = 6, Messages = 3 });
    }

    [Fact]
    [Trait("Wire", "W1")]
    public async Task W1_the_client_reads_an_answer_that_comes_byte_by_byte()
    {
        byte[] body = [.. GrpcFrame.Of(new CountReply { Number = 1 }), .. GrpcFrame.Of(new CountReply { Number = 2 })];
        await using var host = await LoopbackHost.AnsweringAsync(async http =>
        {
            foreach (var one in body)
            {
                await http.WriteAsync([one]);
            }

            await http.WriteAsync([], ("grpc-status", "0"));
        });

        (await CountedAsync(host)).ShouldBe([1, 2]);
    }

    [Fact]
    [Trait("Wire", "W1")]
    public async Task W1_the_client_reads_many_messages_of_all_sizes_from_one_write()
    {
        // Sizes around the reader's buffers: empty, one byte, and some over 4 KiB and over one HTTP/2 frame of 16 KiB.
        int[] sizes = [0, 1, 100, 4_090, 4_096, 5_000, 16_379, 16_384, 40_000, 3];
        var messages = sizes.Select((size, at) => new CountReply { Number = at, Payload = ByteString.CopyFrom(new byte[size]) }).ToList();
        byte[] body = [.. messages.SelectMany(message => GrpcFrame.Of(message))];
        await using var host = await LoopbackHost.AnsweringAsync(http => http.WriteAsync(body, ("grpc-status", "0")));
        using var channel = GrpcChannel.ForAddress(host.Address);

        using var call = new Peer.PeerClient(channel).Count(new CountRequest());
        var received = new List<CountReply>();
        while (await call.ResponseStream.MoveNext().Soon())
        {
            received.Add(call.ResponseStream.Current);
        }

        received.ShouldBe(messages);
    }

    [Fact]
    [Trait("Wire", "W2")]
    public async Task W2_a_message_of_no_bytes_is_a_default_message_to_the_server()
    {
        await using var host = await PeerHost.StartAsync();

        var answer = await host.Raw.CallAsync("Echo", [0, 0, 0, 0, 0]);
        var sum = await host.Raw.CallAsync("Sum", new byte[15]);

        answer.Status.ShouldBe("0");
        answer.Body.ShouldBe(new byte[5]);
        sum.Reply(SumReply.Parser).Messages.ShouldBe(3);
    }

    [Fact]
    [Trait("Wire", "W2")]
    public async Task W2_a_message_of_no_bytes_is_a_default_message_to_the_client()
    {
        await using var host = await LoopbackHost.AnsweringAsync(http => http.WriteAsync(new byte[5], ("grpc-status", "0")));
        using var channel = GrpcChannel.ForAddress(host.Address);

        var reply = await new Peer.PeerClient(channel).EchoAsync(new EchoRequest()).ResponseAsync.Soon();

        reply.ShouldBe(new EchoReply());
    }

    [Theory]
    [Trait("Wire", "W6")]
    [InlineData(1, null, "13")]
    [InlineData(1, "identity", "13")]
    [InlineData(2, null, "13")]
    [InlineData(255, null, "13")]
    public async Task W6_a_compressed_flag_without_a_coding_is_internal(byte flag, string? encoding, string status)
    {
        await using var host = await PeerHost.StartAsync();
        var body = GrpcFrame.Of(new EchoRequest { Text = "x" }, flag);

        var answer = encoding is null
            ? await host.Raw.CallAsync("Echo", body)
            : await host.Raw.CallAsync("Echo", body, ("grpc-encoding", encoding));

        answer.Http.ShouldBe(200);
        answer.Status.ShouldBe(status);
    }

    [Fact]
    [Trait("Wire", "W6")]
    public async Task W6_an_unknown_coding_is_unimplemented_and_the_answer_lists_the_known_ones()
    {
        await using var host = await PeerHost.StartAsync();

        var answer = await host.Raw.CallAsync(
            "Echo", GrpcFrame.Of(new EchoRequest { Text = "x" }, flag: 1), ("grpc-encoding", "snappy"));

        answer.Status.ShouldBe("12");
        answer.Field("grpc-accept-encoding").ShouldNotBeNull().Split(',').Select(coding => coding.Trim()).ShouldContain("identity");
    }

    [Fact]
    [Trait("Wire", "W6")]
    public async Task W6_a_gzip_request_is_read_or_refused_as_unimplemented()
    {
        await using var host = await PeerHost.StartAsync();
        var body = GrpcFrame.Of(Gzip(new EchoRequest { Text = "small" }.ToByteArray()), flag: 1);

        var answer = await host.Raw.CallAsync("Echo", body, ("grpc-encoding", "gzip"));

        if (answer.Status == "12")
        {
            answer.Field("grpc-accept-encoding").ShouldNotBeNull().ShouldNotContain("gzip");
        }
        else
        {
            answer.Status.ShouldBe("0");
            answer.Reply(EchoReply.Parser).Text.ShouldBe("small");
        }
    }

    [Fact]
    [Trait("Wire", "W6")]
    public async Task W6_a_message_without_the_flag_is_read_whatever_coding_was_announced()
    {
        await using var host = await PeerHost.StartAsync();

        var answer = await host.Raw.CallAsync("Echo", GrpcFrame.Of(new EchoRequest { Text = "plain" }), ("grpc-encoding", "identity"));

        answer.Reply(EchoReply.Parser).Text.ShouldBe("plain");
    }

    [Theory]
    [Trait("Wire", "W6")]
    [InlineData(null, StatusCode.Internal)]
    [InlineData("identity", StatusCode.Internal)]
    [InlineData("snappy", StatusCode.Unimplemented, StatusCode.Internal)]
    public async Task W6_the_client_refuses_a_compressed_answer_that_it_cannot_read(string? encoding, params StatusCode[] statuses)
    {
        await using var host = await LoopbackHost.AnsweringAsync(http =>
        {
            if (encoding is not null)
            {
                http.Response.Headers["grpc-encoding"] = encoding;
            }

            return http.WriteAsync(GrpcFrame.Of(new EchoReply { Text = "x" }, flag: 1), ("grpc-status", "0"));
        });
        using var channel = GrpcChannel.ForAddress(host.Address);

        var error = await Should.ThrowAsync<RpcException>(() => new Peer.PeerClient(channel).EchoAsync(new EchoRequest()).ResponseAsync.Soon());

        statuses.ShouldContain(error.StatusCode);
    }

    [Theory]
    [Trait("Wire", "W7")]
    [InlineData("identity")]
    [InlineData("deflate,snappy")]
    public async Task W7_an_answer_is_not_compressed_for_a_client_that_cannot_read_it(string accepted)
    {
        await using var host = await PeerHost.StartAsync(options: grpc => grpc.ResponseCompressionAlgorithm = "gzip");

        var answer = await host.Raw.CallAsync("Echo", new EchoRequest { ReplyBytes = 10_000 }, ("grpc-accept-encoding", accepted));

        answer.Messages.ShouldHaveSingleItem().Flag.ShouldBe((byte)0);
        (answer.Field("grpc-encoding") ?? "identity").ShouldBe("identity");
    }

    [Fact]
    [Trait("Wire", "W7")]
    public async Task W7_a_compressed_answer_names_its_coding_and_can_be_read()
    {
        await using var host = await PeerHost.StartAsync(options: grpc => grpc.ResponseCompressionAlgorithm = "gzip");

        var answer = await host.Raw.CallAsync("Echo", new EchoRequest { ReplyBytes = 10_000 }, ("grpc-accept-encoding", "identity,gzip"));

        var (flag, payload) = answer.Messages.ShouldHaveSingleItem();
        if (flag == 1)
        {
            answer.Headers["grpc-encoding"].ShouldBe("gzip");
            payload = Gunzip(payload);
        }

        EchoReply.Parser.ParseFrom(payload).Payload.Length.ShouldBe(10_000);
    }

    private static async Task<List<int>> CountedAsync(LoopbackHost host)
    {
        using var channel = GrpcChannel.ForAddress(host.Address);
        using var call = new Peer.PeerClient(channel).Count(new CountRequest());
        var numbers = new List<int>();
        while (await call.ResponseStream.MoveNext().Soon())
        {
            numbers.Add(call.ResponseStream.Current.Number);
        }

        return numbers;
    }

    private static byte[] Gzip(byte[] bytes)
    {
        using var zipped = new MemoryStream();
        using (var gzip = new GZipStream(zipped, CompressionLevel.Fastest, leaveOpen: true))
        {
            gzip.Write(bytes);
        }

        return zipped.ToArray();
    }

    private static byte[] Gunzip(byte[] bytes)
    {
        using var plain = new MemoryStream();
        using var gzip = new GZipStream(new MemoryStream(bytes), CompressionMode.Decompress);
        gzip.CopyTo(plain);
        return plain.ToArray();
    }
}
