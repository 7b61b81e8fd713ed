using System.IO.Compression;
using System.Net;
using Google.Protobuf;
using Grpc.Core;
using Grpc.Net.Client;
using LlmGateway.Compat.Tests.Grpc.Protos;
using LlmGateway.Compat.Tests.Grpc.Raw;
using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace LlmGateway.Compat.Tests.Grpc;

/// <summary>Request line and headers, and requests for nothing that exists: W3, W4, W5, W34.</summary>
public sealed class RequestTests
{
    [Fact]
    [Trait("Wire", "W3")]
    public async Task W3_the_client_sends_the_request_line_and_headers_of_the_protocol()
    {
        var seen = new TaskCompletionSource<(string Line, Dictionary<string, string> Headers)>();
        await using var host = await LoopbackHost.AnsweringAsync(http =>
        {
            var request = http.Request;
            seen.SetResult((
                $"{request.Method} {request.Path} {request.Protocol}",
                request.Headers.ToDictionary(header => header.Key, header => header.Value.ToString(), StringComparer.OrdinalIgnoreCase)));
            return http.WriteOkAsync(new EchoReply());
        });
        using var channel = GrpcChannel.ForAddress(host.Address);

        await new Peer.PeerClient(channel).EchoAsync(new EchoRequest()).ResponseAsync.Soon();

        var (line, headers) = await seen.Task;
        line.ShouldBe("POST /llmgateway.compat.v1.Peer/Echo HTTP/2");
        headers["content-type"].ShouldBe("application/grpc");
        headers["te"].ShouldBe("trailers");
        headers["user-agent"].ShouldStartWith("grpc-");
        headers.ShouldNotContainKey("grpc-timeout");
        headers.ShouldNotContainKey("grpc-encoding");
    }

    [Fact]
    [Trait("Wire", "W3")]
    public async Task W3_the_client_reads_every_coding_that_it_says_it_accepts()
    {
        var accepted = new List<string>();
        await using var host = await LoopbackHost.AnsweringAsync(http =>
        {
            accepted = [.. http.Request.Headers["grpc-accept-encoding"].ToString().Split(',', StringSplitOptions.TrimEntries)];
            var coding = http.Request.Headers["use-coding"].ToString();
            if (coding.Length == 0)
            {
                return http.WriteOkAsync(new EchoReply { Text = "plain" });
            }

            http.Response.Headers["grpc-encoding"] = coding;
            return http.WriteAsync(Compressed(coding, new EchoReply { Text = coding }), ("grpc-status", "0"));
        });
        using var channel = GrpcChannel.ForAddress(host.Address);
        var client = new Peer.PeerClient(channel);
        await client.EchoAsync(new EchoRequest()).ResponseAsync.Soon();
        var codings = accepted;

        codings.ShouldContain("identity");
        foreach (var coding in codings.Where(coding => coding != "identity"))
        {
            var reply = await client.EchoAsync(new EchoRequest(), new Metadata { { "use-coding", coding } }).ResponseAsync.Soon();
            reply.Text.ShouldBe(coding);
        }
    }

    [Fact]
    [Trait("Wire", "W3")]
    public async Task W3_the_server_does_not_ask_for_te()
    {
        await using var host = await PeerHost.StartAsync();

        var answer = await host.Raw.CallAsync("Echo", new EchoRequest { Text = "no te" });

        answer.Reply(EchoReply.Parser).Text.ShouldBe("no te");
    }

    [Theory]
    [Trait("Wire", "W3")]
    [Trait("Wire", "W34")]
    [InlineData("/llmgateway.compat.v1.Peer/echo", "Method is unimplemented.")]
    [InlineData("/llmgateway.compat.v1.Peer/Nothing", "Method is unimplemented.")]
    [InlineData("/llmgateway.compat.v1.peer/Echo", "Service is unimplemented.", "Method is unimplemented.")]
    [InlineData("/no.such.Service/Echo", "Service is unimplemented.")]
    public async Task W34_a_name_that_is_not_served_is_unimplemented_and_case_matters(string path, params string[] messages)
    {
        await using var host = await PeerHost.StartAsync();

        var answer = await host.Raw.PostAsync(path, new ByteArrayContent(new byte[5]), "application/grpc");

        answer.Http.ShouldBe(200);
        answer.IsTrailersOnly.ShouldBeTrue();
        answer.Headers["content-type"].ShouldBe("application/grpc");
        answer.Status.ShouldBe("12");
        messages.ShouldContain(answer.Message.ShouldNotBeNull());
    }

    [Theory]
    [Trait("Wire", "W34")]
    [InlineData("/llmgateway.compat.v1.Peer/Nothing")]
    [InlineData("/no.such.Service/Echo")]
    [InlineData("/")]
    public async Task W34_a_path_that_is_not_served_is_a_plain_404_to_other_clients(string path)
    {
        await using var host = await PeerHost.StartAsync();

        var answer = await host.Raw.PostAsync(path, new ByteArrayContent([]), "application/json");

        answer.Http.ShouldBe(404);
        answer.Status.ShouldBeNull();
    }

    [Fact]
    [Trait("Wire", "W34")]
    public async Task W34_unknown_services_can_be_left_to_other_endpoints()
    {
        await using var host = await PeerHost.StartAsync(options: grpc => grpc.IgnoreUnknownServices = true);

        var answer = await host.Raw.PostAsync("/no.such.Service/Echo", new ByteArrayContent(new byte[5]), "application/grpc");

        answer.Http.ShouldBe(404);
        answer.Status.ShouldBeNull();
    }

    [Fact]
    [Trait("Wire", "W34")]
    public async Task W34_a_method_that_the_service_does_not_override_is_unimplemented_without_a_message()
    {
        await using var host = await PeerHost.StartAsync();

        var answer = await host.Raw.CallAsync("NotOverridden", new EchoRequest());
        var error = await Should.ThrowAsync<RpcException>(() => host.Client.NotOverriddenAsync(new EchoRequest()).ResponseAsync.Soon());

        answer.Status.ShouldBe("12");
        answer.Message.ShouldBeNull();
        error.Status.ShouldBe(new Status(StatusCode.Unimplemented, ""));
    }

    [Theory]
    [Trait("Wire", "W4")]
    [InlineData("application/grpc")]
    [InlineData("application/grpc+proto")]
    [InlineData("application/grpc;charset=utf-8")]
    [InlineData("application/grpc; x=y")]
    [InlineData("application/grpc+json")]
    public async Task W4_every_spelling_of_the_gRPC_content_type_is_accepted(string contentType)
    {
        await using var host = await PeerHost.StartAsync();

        var answer = await host.Raw.PostAsync(
            RawGrpc.Peer + "Echo", new ByteArrayContent(GrpcFrame.Of(new EchoRequest { Text = "x" })), contentType);

        answer.Http.ShouldBe(200);
        answer.Status.ShouldBe("0");
        answer.Headers["content-type"].ShouldStartWith("application/grpc");
    }

    [Theory]
    [Trait("Wire", "W4")]
    [InlineData("application/json")]
    [InlineData("application/grpcfoo")]
    [InlineData("text/plain; application/grpc")]
    [InlineData(null)]
    public async Task W4_another_content_type_is_415_and_the_handler_does_not_run(string? contentType)
    {
        var ran = false;
        await using var host = await PeerHost.StartAsync(new PeerHandlers
        {
            Echo = (_, _) =>
            {
                ran = true;
                return Task.FromResult(new EchoReply());
            },
        });

        var answer = await host.Raw.PostAsync(RawGrpc.Peer + "Echo", new ByteArrayContent(new byte[5]), contentType);

        answer.Http.ShouldBe(415);
        answer.Headers["grpc-status"].ShouldBe("13");
        ran.ShouldBeFalse();
    }

    [Theory]
    [Trait("Wire", "W5")]
    [InlineData("GET")]
    [InlineData("PUT")]
    [InlineData("OPTIONS")]
    public async Task W5_another_verb_on_a_method_is_a_plain_404(string verb)
    {
        await using var host = await PeerHost.StartAsync();

        var answer = await host.Raw.SendAsync(new HttpRequestMessage(new HttpMethod(verb), host.Address + RawGrpc.Peer + "Echo"));

        answer.Http.ShouldBe(404);
        answer.Status.ShouldBeNull();
    }

    [Fact]
    [Trait("Wire", "W5")]
    public async Task W5_an_HTTP_1_request_is_told_to_upgrade()
    {
        await using var host = await PeerHost.StartAsync(protocols: HttpProtocols.Http1);
        var request = new HttpRequestMessage(HttpMethod.Post, host.Address + RawGrpc.Peer + "Echo")
        {
            Version = HttpVersion.Version11,
            VersionPolicy = HttpVersionPolicy.RequestVersionExact,
            Content = new ByteArrayContent(new byte[5]),
        };
        request.Content.Headers.TryAddWithoutValidation("content-type", "application/grpc");

        var answer = await host.Raw.SendAsync(request);

        answer.Http.ShouldBe(426);
        answer.Headers["upgrade"].ShouldBe("HTTP/2");
        answer.Headers["grpc-status"].ShouldBe("13");
    }

    private static byte[] Compressed(string coding, IMessage message)
    {
        using var zipped = new MemoryStream();
        using (Stream zip = coding switch
        {
            "gzip" => new GZipStream(zipped, CompressionLevel.Fastest, leaveOpen: true),
            "deflate" => new ZLibStream(zipped, CompressionLevel.Fastest, leaveOpen: true),
            _ => throw new NotSupportedException($"The client says it accepts {coding}: add it here."),
        })
        {
            zip.Write(message.ToByteArray());
        }

        return GrpcFrame.Of(zipped.ToArray(), flag: 1);
    }
}
