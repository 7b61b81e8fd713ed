using Grpc.Core;
using Grpc.Net.Client;
using LlmGateway.Compat.Tests.Grpc.Protos;
using LlmGateway.Compat.Tests.Grpc.Raw;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Primitives;

namespace LlmGateway.Compat.Tests.Grpc;

/// <summary>Metadata in both directions: W15 to W18.</summary>
public sealed class MetadataTests
{
    [Theory]
    [Trait("Wire", "W15")]
    [InlineData("")]
    [InlineData("with space")]
    [InlineData("colon:")]
    [InlineData("ключ")]
    [InlineData("new\nline")]
    public void W15_a_key_of_other_characters_is_refused(string key) =>
        Should.Throw<ArgumentException>(() => new Metadata.Entry(key, "x"));

    [Fact]
    [Trait("Wire", "W15")]
    public void W15_keys_are_lower_case()
    {
        var metadata = new Metadata { { "X-Key_1.a", "v" } };

        metadata[0].Key.ShouldBe("x-key_1.a");
        metadata.GetValue("X-KEY_1.A").ShouldBe("v");
    }

    [Fact]
    [Trait("Wire", "W15")]
    public void W15_text_under_a_binary_key_and_bytes_under_a_text_key_are_refused()
    {
        Should.Throw<ArgumentException>(() => new Metadata { { "d-bin", "text" } });
        Should.Throw<ArgumentException>(() => new Metadata { { "d", new byte[1] } });
    }

    [Fact]
    [Trait("Wire", "W15")]
    public void The_empty_metadata_cannot_be_written() =>
        Should.Throw<InvalidOperationException>(() => Metadata.Empty.Add("key", "x"));

    [Theory]
    [Trait("Wire", "W15")]
    [InlineData("AQ==")]
    [InlineData("AQ")]
    public async Task W15_the_server_reads_binary_values_with_and_without_padding(string base64)
    {
        await using var host = await PeerHost.StartAsync(AnsweringWithBinary("d-bin"));

        var answer = await host.Raw.CallAsync("Echo", new EchoRequest(), ("d-bin", base64));

        answer.Reply(EchoReply.Parser).Text.ShouldBe("01");
    }

    [Theory]
    [Trait("Wire", "W15")]
    [InlineData("AQ==")]
    [InlineData("AQ")]
    public async Task W15_the_client_reads_binary_values_with_and_without_padding(string base64)
    {
        await using var host = await LoopbackHost.AnsweringAsync(http =>
        {
            http.Response.Headers["h-bin"] = base64;
            return http.WriteAsync(new byte[5], ("grpc-status", "0"), ("t-bin", base64));
        });
        using var channel = GrpcChannel.ForAddress(host.Address);

        using var call = new Peer.PeerClient(channel).EchoAsync(new EchoRequest());
        await call.ResponseAsync.Soon();

        (await call.ResponseHeadersAsync).GetValueBytes("h-bin").ShouldBe([1]);
        call.GetTrailers().GetValueBytes("t-bin").ShouldBe([1]);
    }

    [Fact]
    [Trait("Wire", "W15")]
    public async Task W15_binary_values_of_all_lengths_come_back_whole_in_headers_and_trailers()
    {
        await using var host = await PeerHost.StartAsync();

        for (var length = 0; length < 9; length++)
        {
            byte[] bytes = [.. Enumerable.Range(250, length).Select(value => (byte)value)];
            using var call = host.Client.EchoAsync(new EchoRequest(), new Metadata { { "head-bin", bytes }, { "echo-bin", bytes } });
            await call.ResponseAsync.Soon();

            (await call.ResponseHeadersAsync).GetValueBytes("head-bin").ShouldBe(bytes);
            call.GetTrailers().GetValueBytes("echo-bin").ShouldBe(bytes);
        }
    }

    [Theory]
    [Trait("Wire", "W16")]
    [InlineData("AQ,Ag==")]
    [InlineData("AQ==, Ag")]
    public async Task W16_joined_binary_headers_are_split_before_they_are_decoded(string joined)
    {
        await using var host = await PeerHost.StartAsync(AnsweringWithBinary("d-bin"));

        var answer = await host.Raw.CallAsync("Echo", new EchoRequest(), ("d-bin", joined));

        answer.Reply(EchoReply.Parser).Text.ShouldBe("01 02");
    }

    [Fact]
    [Trait("Wire", "W16")]
    [Trait("Wire", "W18")]
    public async Task W16_W18_headers_on_several_lines_are_several_entries_in_order()
    {
        var seen = new TaskCompletionSource<string>();
        await using var host = await PeerHost.StartAsync(new PeerHandlers
        {
            Echo = (_, context) =>
            {
                seen.SetResult(string.Join(' ', context.RequestHeaders.GetAll("d-bin").Select(entry => Convert.ToHexString(entry.ValueBytes)))
                    + " | " + string.Join(' ', context.RequestHeaders.GetAll("d").Select(entry => entry.Value)));
                return Task.FromResult(new EchoReply());
            },
        });
        await using var wire = await Http2Wire.ConnectAsync(host.Port);

        await wire.SendCallAsync(1, "Echo", ("d-bin", "AQ"), ("d", "1"), ("d-bin", "Ag=="), ("d", "2"));
        await wire.SendDataAsync(1, new byte[5], endStream: true);
        var frames = await wire.ReadToEndAsync();

        frames[^1].Field("grpc-status").ShouldBe("0");
        (await seen.Task).ShouldBe("01 02 | 1 2");
    }

    [Fact]
    [Trait("Wire", "W16")]
    public async Task W16_the_clients_repeated_binary_entries_arrive_one_by_one()
    {
        await using var host = await PeerHost.StartAsync(AnsweringWithBinary("d-bin"));

        var reply = await host.Client.EchoAsync(
            new EchoRequest(), new Metadata { { "d-bin", [1, 2] }, { "d-bin", [3] } }).ResponseAsync.Soon();

        reply.Text.ShouldBe("0102 03");
    }

    [Fact]
    [Trait("Wire", "W16")]
    public async Task W16_the_client_splits_joined_binary_values()
    {
        await using var host = await LoopbackHost.AnsweringAsync(
            http => http.WriteAsync(new byte[5], ("grpc-status", "0"), ("t-bin", "AQ,Ag==")));
        using var channel = GrpcChannel.ForAddress(host.Address);

        using var call = new Peer.PeerClient(channel).EchoAsync(new EchoRequest());
        await call.ResponseAsync.Soon();

        call.GetTrailers().GetAll("t-bin").Select(entry => entry.ValueBytes).ShouldBe([[1], [2]]);
    }

    [Fact]
    [Trait("Wire", "W16")]
    public async Task W16_base64_that_is_none_matters_only_to_a_handler_that_looks()
    {
        await using var blind = await PeerHost.StartAsync(new PeerHandlers { Echo = (_, _) => Task.FromResult(new EchoReply()) });
        await using var looking = await PeerHost.StartAsync(AnsweringWithBinary("d-bin"));

        var unseen = await blind.Raw.CallAsync("Echo", new EchoRequest(), ("d-bin", "!!!"));
        var seen = await looking.Raw.CallAsync("Echo", new EchoRequest(), ("d-bin", "!!!"));

        unseen.Status.ShouldBe("0");
        seen.Status.ShouldBe("2");
    }

    [Fact]
    [Trait("Wire", "W17")]
    public async Task W17_headers_of_the_protocol_are_not_metadata_to_the_server()
    {
        var keys = new TaskCompletionSource<List<string>>();
        await using var host = await PeerHost.StartAsync(new PeerHandlers
        {
            Echo = (_, context) =>
            {
                keys.SetResult([.. context.RequestHeaders.Select(entry => entry.Key)]);
                return Task.FromResult(new EchoReply());
            },
        });

        await host.Raw.CallAsync(
            "Echo", new EchoRequest(), ("te", "trailers"), ("accept-encoding", "gzip"), ("grpc-encoding", "identity"),
            ("grpc-accept-encoding", "identity"), ("grpc-timeout", "10S"), ("grpc-custom", "1"), ("mine", "2"));

        (await keys.Task).Where(key => key != "user-agent" && key != "content-length").ShouldBe(["grpc-custom", "mine"], ignoreOrder: true);
    }

    [Fact]
    [Trait("Wire", "W17")]
    public async Task W17_headers_of_the_protocol_are_not_metadata_to_the_client()
    {
        await using var host = await LoopbackHost.AnsweringAsync(http =>
        {
            http.Response.Headers["grpc-encoding"] = "identity";
            http.Response.Headers["grpc-accept-encoding"] = "identity";
            http.Response.Headers["mine"] = "1";
            return http.WriteAsync(new byte[5], ("grpc-status", "0"), ("grpc-message", "fine"), ("own", "2"));
        });
        using var channel = GrpcChannel.ForAddress(host.Address);

        using var call = new Peer.PeerClient(channel).EchoAsync(new EchoRequest());
        await call.ResponseAsync.Soon();

        (await call.ResponseHeadersAsync).Select(entry => entry.Key).Where(key => key is not ("date" or "server")).ShouldBe(["mine"]);
        call.GetTrailers().Select(entry => entry.Key).ShouldBe(["own"]);
    }

    [Fact]
    [Trait("Wire", "W17")]
    public async Task W17_a_failure_in_the_headers_leaves_only_its_custom_trailers()
    {
        await using var host = await LoopbackHost.AnsweringAsync(
            http => http.WriteTrailersOnly(("grpc-status", "5"), ("grpc-message", "x"), ("mine", "1")));
        using var channel = GrpcChannel.ForAddress(host.Address);

        var error = await Should.ThrowAsync<RpcException>(() => new Peer.PeerClient(channel).EchoAsync(new EchoRequest()).ResponseAsync.Soon());

        var keys = error.Trailers.Select(entry => entry.Key).ToList();
        keys.ShouldContain("mine");
        keys.ShouldNotContain("grpc-status");
        keys.ShouldNotContain("grpc-message");
        keys.ShouldNotContain("content-type");
    }

    [Fact]
    [Trait("Wire", "W18")]
    public async Task W18_repeated_keys_of_an_answer_are_separate_entries_in_order()
    {
        await using var host = await LoopbackHost.AnsweringAsync(http =>
        {
            http.Response.Headers["h"] = new StringValues(["1", "2"]);
            http.Response.AppendTrailer("t", new StringValues(["3", "4"]));
            return http.WriteAsync(new byte[5], ("grpc-status", "0"));
        });
        using var channel = GrpcChannel.ForAddress(host.Address);

        using var call = new Peer.PeerClient(channel).EchoAsync(new EchoRequest());
        await call.ResponseAsync.Soon();

        (await call.ResponseHeadersAsync).GetAll("h").Select(entry => entry.Value).ShouldBe(["1", "2"]);
        call.GetTrailers().GetAll("t").Select(entry => entry.Value).ShouldBe(["3", "4"]);
    }

    [Fact]
    [Trait("Wire", "W18")]
    public async Task W18_the_server_sends_repeated_keys_in_order()
    {
        await using var host = await PeerHost.StartAsync(new PeerHandlers
        {
            Echo = async (_, context) =>
            {
                await context.WriteResponseHeadersAsync(new Metadata { { "h", "1" }, { "h", "2" } });
                context.ResponseTrailers.Add("t", "3");
                context.ResponseTrailers.Add("t", "4");
                return new EchoReply();
            },
        });

        using var call = host.Client.EchoAsync(new EchoRequest());
        await call.ResponseAsync.Soon();

        (await call.ResponseHeadersAsync).GetAll("h").Select(entry => entry.Value).ShouldBe(["1", "2"]);
        call.GetTrailers().GetAll("t").Select(entry => entry.Value).ShouldBe(["3", "4"]);
    }

    [Fact]
    [Trait("Wire", "W18")]
    public async Task W18_metadata_up_to_Kestrels_limit_goes_through()
    {
        await using var host = await PeerHost.StartAsync();
        var value = new string('v', 20_000);

        using var call = host.Client.EchoAsync(new EchoRequest(), new Metadata { { "echo-long", value } });
        await call.ResponseAsync.Soon();

        call.GetTrailers().GetValue("echo-long").ShouldBe(value);
    }

    private static PeerHandlers AnsweringWithBinary(string key) => new()
    {
        Echo = (_, context) => Task.FromResult(new EchoReply
        {
            Text = string.Join(' ', context.RequestHeaders.GetAll(key).Select(entry => Convert.ToHexString(entry.ValueBytes))),
        }),
    };
}
