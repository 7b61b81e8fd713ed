using System.Net;
using System.Net.Sockets;
using System.Text;
using Grpc.Core;
using Grpc.Net.Client;
using LlmGateway.Compat.Tests.Grpc.Protos;
using LlmGateway.Compat.Tests.Grpc.Raw;
using Microsoft.AspNetCore.Http;

namespace LlmGateway.Compat.Tests.Grpc;

/// <summary>What the client makes of answers that are not as they should be: W8 and W25 to W29.</summary>
public sealed class ClientMappingTests
{
    [Theory]
    [Trait("Wire", "W25")]
    [InlineData(400, StatusCode.Internal)]
    [InlineData(431, StatusCode.Internal)]
    [InlineData(401, StatusCode.Unauthenticated)]
    [InlineData(403, StatusCode.PermissionDenied)]
    [InlineData(404, StatusCode.Unimplemented)]
    [InlineData(429, StatusCode.Unavailable)]
    [InlineData(502, StatusCode.Unavailable)]
    [InlineData(503, StatusCode.Unavailable)]
    [InlineData(504, StatusCode.Unavailable)]
    [InlineData(500, StatusCode.Unknown)]
    [InlineData(302, StatusCode.Unknown)]
    [InlineData(418, StatusCode.Unknown)]
    public async Task W25_an_HTTP_status_without_a_gRPC_status_has_a_meaning(int http, StatusCode status)
    {
        (await UnaryErrorAsync(context =>
        {
            context.Response.StatusCode = http;
            return Task.CompletedTask;
        })).StatusCode.ShouldBe(status);

        (await StreamErrorAsync(context =>
        {
            context.Response.StatusCode = http;
            context.Response.ContentType = "text/html";
            return context.Response.WriteAsync("<html>");
        })).StatusCode.ShouldBe(status);
    }

    [Theory]
    [Trait("Wire", "W25")]
    [InlineData(null)]
    [InlineData("text/html")]
    [InlineData("application/grpcfoo")]
    public async Task W25_a_success_of_another_content_type_is_unknown(string? contentType)
    {
        var error = await UnaryErrorAsync(context =>
        {
            context.Response.ContentType = contentType;
            return context.Response.Body.WriteAsync(GrpcFrame.Of(new EchoReply())).AsTask();
        });

        error.StatusCode.ShouldBe(StatusCode.Unknown);
    }

    [Fact]
    [Trait("Wire", "W25")]
    public async Task W25_an_answer_that_never_says_a_status_is_unknown()
    {
        var unary = await UnaryErrorAsync(context => context.WriteAsync(GrpcFrame.Of(new EchoReply())));
        var stream = await StreamErrorAsync(context => context.WriteAsync([]));

        unary.StatusCode.ShouldBe(StatusCode.Unknown);
        stream.StatusCode.ShouldBe(StatusCode.Unknown);
    }

    [Theory]
    [Trait("Wire", "W25")]
    [InlineData(500)]
    [InlineData(404)]
    [InlineData(503)]
    public async Task W25_a_gRPC_status_in_the_headers_wins_over_the_HTTP_status(int http)
    {
        var error = await UnaryErrorAsync(context =>
        {
            context.Response.StatusCode = http;
            return context.WriteTrailersOnly(("grpc-status", "9"), ("grpc-message", "mine"));
        });

        error.Status.ShouldBe(new Status(StatusCode.FailedPrecondition, "mine"));
    }

    [Theory]
    [Trait("Wire", "W26")]
    [InlineData(0, StatusCode.Internal)]
    [InlineData(1, StatusCode.Internal)]
    [InlineData(2, StatusCode.Internal)]
    [InlineData(3, StatusCode.Internal)]
    [InlineData(4, StatusCode.Internal)]
    [InlineData(6, StatusCode.Internal)]
    [InlineData(7, StatusCode.Unavailable)]
    [InlineData(8, StatusCode.Cancelled)]
    [InlineData(9, StatusCode.Internal)]
    [InlineData(10, StatusCode.Internal)]
    [InlineData(11, StatusCode.ResourceExhausted)]
    [InlineData(12, StatusCode.PermissionDenied)]
    public async Task W26_each_reset_code_has_a_meaning(uint code, StatusCode status)
    {
        await using var server = Http2Server.Start(async wire =>
        {
            // SocketsHttpHandler tries a refused stream again, so every attempt is reset.
            while (true)
            {
                await wire.ResetAsync((await wire.ReadAsync(FrameType.Headers)).Stream, code);
            }
        });
        using var channel = GrpcChannel.ForAddress(server.Address);

        var error = await Should.ThrowAsync<RpcException>(() => new Peer.PeerClient(channel).EchoAsync(new EchoRequest()).ResponseAsync.Soon());

        error.StatusCode.ShouldBe(status);
    }

    [Theory]
    [Trait("Wire", "W26")]
    [Trait("Wire", "W28")]
    [InlineData(2, StatusCode.Internal)]
    [InlineData(8, StatusCode.Cancelled)]
    [InlineData(11, StatusCode.ResourceExhausted)]
    public async Task W26_W28_a_reset_after_messages_comes_after_those_messages(uint code, StatusCode status)
    {
        // SocketsHttpHandler drops what it has not handed out yet when a reset comes, so the reset waits for the reader.
        var received = new TaskCompletionSource();
        await using var server = Http2Server.Start(async wire =>
        {
            var stream = (await wire.ReadAsync(FrameType.Headers)).Stream;
            await wire.SendHeadersAsync(stream, endStream: false, (":status", "200"), ("content-type", "application/grpc"));
            await wire.SendDataAsync(stream, GrpcFrame.Of(new CountReply { Number = 1 }));
            await received.Task;
            await wire.ResetAsync(stream, code);
        });
        using var channel = GrpcChannel.ForAddress(server.Address);

        using var call = new Peer.PeerClient(channel).Count(new CountRequest());
        (await call.ResponseStream.MoveNext().Soon()).ShouldBeTrue();
        received.SetResult();
        var error = await Should.ThrowAsync<RpcException>(() => call.ResponseStream.MoveNext().Soon());

        error.StatusCode.ShouldBe(status);
    }

    [Fact]
    [Trait("Wire", "W26")]
    public async Task W26_a_refused_connection_is_unavailable()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var port = ((IPEndPoint)listener.LocalEndpoint).Port;
        listener.Stop();
        using var channel = GrpcChannel.ForAddress($"http://127.0.0.1:{port}");

        var error = await Should.ThrowAsync<RpcException>(() => new Peer.PeerClient(channel).EchoAsync(new EchoRequest()).ResponseAsync.Soon());

        error.StatusCode.ShouldBe(StatusCode.Unavailable);
    }

    [Fact]
    [Trait("Wire", "W26")]
    public async Task W26_a_connection_that_breaks_is_unavailable()
    {
        await using var server = Http2Server.Start(async wire =>
        {
            await wire.ReadAsync(FrameType.Headers);
            await wire.DisposeAsync();
        });
        using var channel = GrpcChannel.ForAddress(server.Address);

        var error = await Should.ThrowAsync<RpcException>(() => new Peer.PeerClient(channel).EchoAsync(new EchoRequest()).ResponseAsync.Soon());

        error.StatusCode.ShouldBe(StatusCode.Unavailable);
    }

    // Bytes of its own, not Kestrel: a server that closes right after its answer resets the connection when the client's SETTINGS arrive
    // late, and then the answer may be lost and the call is, truly, unavailable.
    [Theory]
    [Trait("Wire", "W26")]
    [InlineData("HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")]
    [InlineData("HTTP/1.0 505 HTTP Version Not Supported\r\n\r\n")]
    public async Task W26_a_server_of_HTTP_1_only_is_internal(string answer)
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        using var channel = GrpcChannel.ForAddress($"http://{listener.LocalEndpoint}");
        var call = Should.ThrowAsync<RpcException>(() => new Peer.PeerClient(channel).EchoAsync(new EchoRequest()).ResponseAsync.Soon());
        using var connection = await listener.AcceptTcpClientAsync();
        await connection.GetStream().ReadExactlyAsync(new byte[24]);
        await connection.GetStream().WriteAsync(Encoding.ASCII.GetBytes(answer));

        var error = await call;

        error.StatusCode.ShouldBe(StatusCode.Internal, error.Status.Detail);
    }

    [Theory]
    [Trait("Wire", "W27")]
    [InlineData("abc")]
    [InlineData("")]
    [InlineData("-1")]
    public async Task W27_a_status_that_is_no_number_is_never_success(string status)
    {
        var error = await UnaryErrorAsync(context => context.WriteAsync(GrpcFrame.Of(new EchoReply()), ("grpc-status", status)));

        error.StatusCode.ShouldBeOneOf(StatusCode.Cancelled, StatusCode.Unknown);
    }

    [Fact]
    [Trait("Wire", "W27")]
    public async Task W27_an_unknown_number_goes_through_as_it_is()
    {
        var error = await UnaryErrorAsync(context => context.WriteTrailersOnly(("grpc-status", "99"), ("grpc-message", "new")));

        error.Status.ShouldBe(new Status((StatusCode)99, "new"));
    }

    [Theory]
    [Trait("Wire", "W28")]
    [InlineData("0000000000" + "0000000000")] // two messages
    [InlineData("0000000005" + "0A03")] // one that breaks off
    [InlineData("000000")] // a header that breaks off
    [InlineData("0200000000")] // a flag that does not exist
    [InlineData("0000000003" + "0A7F41")] // bytes that do not parse
    [InlineData("0000000000" + "00")] // more after the only message
    public async Task W28_a_broken_unary_answer_is_internal(string body)
    {
        var error = await UnaryErrorAsync(context => context.WriteAsync(Convert.FromHexString(body), ("grpc-status", "0")));

        error.StatusCode.ShouldBe(StatusCode.Internal);
    }

    [Theory]
    [Trait("Wire", "W28")]
    [InlineData("0000000005" + "0A03")]
    [InlineData("000000")]
    [InlineData("0200000000")]
    [InlineData("0000000003" + "0A7F41")]
    public async Task W28_messages_before_a_broken_one_are_delivered(string broken)
    {
        byte[] body = [.. GrpcFrame.Of(new CountReply { Number = 1 }), .. GrpcFrame.Of(new CountReply { Number = 2 }), .. Convert.FromHexString(broken)];
        await using var host = await LoopbackHost.AnsweringAsync(context => context.WriteAsync(body, ("grpc-status", "0")));
        using var channel = GrpcChannel.ForAddress(host.Address);

        using var call = new Peer.PeerClient(channel).Count(new CountRequest());
        (await call.ResponseStream.MoveNext().Soon()).ShouldBeTrue();
        (await call.ResponseStream.MoveNext().Soon()).ShouldBeTrue();
        call.ResponseStream.Current.Number.ShouldBe(2);
        var error = await Should.ThrowAsync<RpcException>(() => call.ResponseStream.MoveNext().Soon());

        error.StatusCode.ShouldBe(StatusCode.Internal);
    }

    [Fact]
    [Trait("Wire", "W28")]
    public async Task W28_a_stream_that_fails_delivers_its_messages_first()
    {
        await using var host = await PeerHost.StartAsync();

        using var call = host.Client.Count(new CountRequest { Count = 3, Status = 15, Message = "lost" });
        for (var number = 0; number < 3; number++)
        {
            (await call.ResponseStream.MoveNext().Soon()).ShouldBeTrue();
            call.ResponseStream.Current.Number.ShouldBe(number);
        }

        var error = await Should.ThrowAsync<RpcException>(() => call.ResponseStream.MoveNext().Soon());
        error.Status.ShouldBe(new Status(StatusCode.DataLoss, "lost"));
        call.GetStatus().ShouldBe(new Status(StatusCode.DataLoss, "lost"));
    }

    [Fact]
    [Trait("Wire", "W28")]
    public async Task W28_a_failure_wins_over_the_message_before_it()
    {
        var error = await UnaryErrorAsync(
            context => context.WriteAsync(GrpcFrame.Of(new EchoReply()), ("grpc-status", "7"), ("grpc-message", "no")));

        error.Status.ShouldBe(new Status(StatusCode.PermissionDenied, "no"));
    }

    [Fact]
    [Trait("Wire", "W8")]
    [Trait("Wire", "W29")]
    public async Task W8_W29_success_without_a_message_is_internal_for_unary_calls()
    {
        var trailersOnly = await UnaryErrorAsync(context => context.WriteTrailersOnly(("grpc-status", "0")));
        var apart = await UnaryErrorAsync(context => context.WriteAsync([], ("grpc-status", "0")));

        trailersOnly.StatusCode.ShouldBe(StatusCode.Internal);
        apart.StatusCode.ShouldBe(StatusCode.Internal);
    }

    [Fact]
    [Trait("Wire", "W29")]
    public async Task W29_success_without_a_message_is_an_empty_stream()
    {
        await using var host = await LoopbackHost.AnsweringAsync(context => context.WriteTrailersOnly(("grpc-status", "0"), ("mine", "1")));
        using var channel = GrpcChannel.ForAddress(host.Address);

        using var call = new Peer.PeerClient(channel).Count(new CountRequest());

        (await call.ResponseStream.MoveNext().Soon()).ShouldBeFalse();
        call.GetStatus().StatusCode.ShouldBe(StatusCode.OK);
        call.GetTrailers().GetValue("mine").ShouldBe("1");
    }

    private static async Task<RpcException> UnaryErrorAsync(RequestDelegate answer)
    {
        await using var host = await LoopbackHost.AnsweringAsync(answer);
        using var channel = GrpcChannel.ForAddress(host.Address);
        return await Should.ThrowAsync<RpcException>(() => new Peer.PeerClient(channel).EchoAsync(new EchoRequest()).ResponseAsync.Soon());
    }

    private static async Task<RpcException> StreamErrorAsync(RequestDelegate answer)
    {
        await using var host = await LoopbackHost.AnsweringAsync(answer);
        using var channel = GrpcChannel.ForAddress(host.Address);
        using var call = new Peer.PeerClient(channel).Count(new CountRequest());
        return await Should.ThrowAsync<RpcException>(() => call.ResponseStream.MoveNext().Soon());
    }
}
