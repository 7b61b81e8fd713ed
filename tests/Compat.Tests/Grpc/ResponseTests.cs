using Google.Protobuf;
using Grpc.Core;
using Grpc.Net.Client;
using LlmGateway.Compat.Tests.Grpc.Protos;
using LlmGateway.Compat.Tests.Grpc.Raw;

namespace LlmGateway.Compat.Tests.Grpc;

/// <summary>The shape of answers: W8, W9, W11 to W14.</summary>
public sealed class ResponseTests
{
    [Fact]
    [Trait("Wire", "W8")]
    public async Task W8_success_is_headers_then_data_then_trailers_that_end_the_stream()
    {
        await using var host = await PeerHost.StartAsync();
        await using var wire = await Http2Wire.ConnectAsync(host.Port);

        await wire.SendCallAsync(1, "Echo");
        await wire.SendDataAsync(1, GrpcFrame.Of(new EchoRequest { Text = "x" }), endStream: true);
        var frames = await wire.ReadToEndAsync();

        frames[0].Type.ShouldBe(FrameType.Headers);
        frames[0].EndsStream.ShouldBeFalse();
        frames[0].Field(":status").ShouldBe("200");
        frames[0].Field("content-type").ShouldBe("application/grpc");
        frames[0].Field("grpc-status").ShouldBeNull();
        frames[1..^1].ShouldAllBe(frame => frame.Type == FrameType.Data && !frame.EndsStream);
        frames[1..^1].ShouldNotBeEmpty();
        frames[^1].Type.ShouldBe(FrameType.Headers);
        frames[^1].EndsStream.ShouldBeTrue();
        frames[^1].Fields.ShouldBe([("grpc-status", "0")]);
    }

    [Fact]
    [Trait("Wire", "W9")]
    public async Task W9_a_failure_before_any_message_is_one_HEADERS_frame_that_ends_the_stream()
    {
        await using var host = await PeerHost.StartAsync();
        await using var wire = await Http2Wire.ConnectAsync(host.Port);

        await wire.SendCallAsync(1, "Echo", ("echo-key", "kept"));
        await wire.SendDataAsync(1, GrpcFrame.Of(new EchoRequest { Status = 5, Message = "not here" }), endStream: true);
        var frames = await wire.ReadToEndAsync();

        var only = frames.ShouldHaveSingleItem();
        only.EndsStream.ShouldBeTrue();
        only.Field(":status").ShouldBe("200");
        only.Field("content-type").ShouldBe("application/grpc");
        only.Field("grpc-status").ShouldBe("5");
        only.Field("grpc-message").ShouldBe("not here");
        only.Field("echo-key").ShouldBe("kept");
    }

    [Fact]
    [Trait("Wire", "W9")]
    public async Task W9_an_empty_stream_is_one_HEADERS_frame_with_status_0()
    {
        await using var host = await PeerHost.StartAsync();
        await using var wire = await Http2Wire.ConnectAsync(host.Port);

        await wire.SendCallAsync(1, "Count");
        await wire.SendDataAsync(1, GrpcFrame.Of(new CountRequest()), endStream: true);
        var frames = await wire.ReadToEndAsync();

        frames.ShouldHaveSingleItem().Field("grpc-status").ShouldBe("0");
    }

    [Fact]
    [Trait("Wire", "W9")]
    public async Task W9_a_failure_after_messages_is_in_the_trailers()
    {
        await using var host = await PeerHost.StartAsync();

        var answer = await host.Raw.CallAsync("Count", new CountRequest { Count = 3, Status = 10, Message = "enough" });

        answer.Messages.Count.ShouldBe(3);
        answer.Headers.ShouldNotContainKey("grpc-status");
        answer.Trailers["grpc-status"].ShouldBe("10");
        answer.Trailers["grpc-message"].ShouldBe("enough");
    }

    [Fact]
    [Trait("Wire", "W11")]
    public async Task W11_an_RpcException_gives_its_status_and_its_trailers_beside_those_of_the_call()
    {
        await using var host = await PeerHost.StartAsync(new PeerHandlers
        {
            Echo = (_, context) =>
            {
                context.ResponseTrailers.Add("from-call", "1");
                throw new RpcException(new Status(StatusCode.FailedPrecondition, "not so"), new Metadata { { "from-error", "2" } });
            },
        });

        var answer = await host.Raw.CallAsync("Echo", new EchoRequest());
        var error = await Should.ThrowAsync<RpcException>(() => host.Client.EchoAsync(new EchoRequest()).ResponseAsync.Soon());

        answer.Status.ShouldBe("9");
        answer.Message.ShouldBe("not so");
        answer.Field("from-call").ShouldBe("1");
        answer.Field("from-error").ShouldBe("2");
        error.Status.ShouldBe(new Status(StatusCode.FailedPrecondition, "not so"));
        error.Trailers.GetValue("from-error").ShouldBe("2");
        error.Trailers.GetValue("from-call").ShouldBe("1");
    }

    [Theory]
    [Trait("Wire", "W11")]
    [InlineData("Echo")]
    [InlineData("Count")]
    [InlineData("Sum")]
    [InlineData("Chat")]
    public async Task W11_another_exception_is_unknown_and_says_nothing_about_itself(string method)
    {
        await using var host = await PeerHost.StartAsync(Failing(new InvalidOperationException("secret")));

        var answer = await host.Raw.CallAsync(method, new byte[5]);

        answer.Status.ShouldBe("2");
        answer.Message.ShouldBe("Exception was thrown by handler.");
    }

    [Fact]
    [Trait("Wire", "W11")]
    public async Task W11_detailed_errors_name_the_exception()
    {
        await using var host = await PeerHost.StartAsync(
            Failing(new InvalidOperationException("the reason")), grpc => grpc.EnableDetailedErrors = true);

        var answer = await host.Raw.CallAsync("Echo", new byte[5]);

        answer.Status.ShouldBe("2");
        answer.Message.ShouldNotBeNull().ShouldContain("the reason");
    }

    [Fact]
    [Trait("Wire", "W11")]
    public async Task W11_a_status_set_on_the_context_goes_out_after_the_message()
    {
        await using var host = await PeerHost.StartAsync(new PeerHandlers
        {
            Echo = (request, context) =>
            {
                context.Status = new Status(StatusCode.AlreadyExists, "as before");
                return Task.FromResult(new EchoReply { Text = request.Text });
            },
        });

        var answer = await host.Raw.CallAsync("Echo", new EchoRequest { Text = "x" });

        answer.Reply(EchoReply.Parser).Text.ShouldBe("x");
        answer.Trailers["grpc-status"].ShouldBe("6");
        answer.Trailers["grpc-message"].ShouldBe("as before");
    }

    [Fact]
    [Trait("Wire", "W11")]
    public async Task W11_no_message_from_the_handler_is_cancelled()
    {
        await using var host = await PeerHost.StartAsync(new PeerHandlers { Echo = (_, _) => Task.FromResult<EchoReply>(null!) });

        var answer = await host.Raw.CallAsync("Echo", new EchoRequest());

        answer.Status.ShouldBe("1");
        answer.Message.ShouldBe("No message returned from method.");
    }

    [Fact]
    [Trait("Wire", "W12")]
    public async Task W12_response_headers_leave_at_once()
    {
        var read = new TaskCompletionSource();
        await using var host = await PeerHost.StartAsync(new PeerHandlers
        {
            Echo = async (_, context) =>
            {
                await context.WriteResponseHeadersAsync(new Metadata { { "early", "bird" } });
                await read.Task;
                return new EchoReply();
            },
        });

        using var call = host.Client.EchoAsync(new EchoRequest());
        var headers = await call.ResponseHeadersAsync.Soon();
        call.ResponseAsync.IsCompleted.ShouldBeFalse();
        read.SetResult();
        await call.ResponseAsync.Soon();

        headers.GetValue("early").ShouldBe("bird");
    }

    [Fact]
    [Trait("Wire", "W12")]
    public async Task W12_response_headers_cannot_be_written_twice()
    {
        var second = new TaskCompletionSource<Exception?>();
        await using var host = await PeerHost.StartAsync(new PeerHandlers
        {
            Echo = async (_, context) =>
            {
                await context.WriteResponseHeadersAsync([]);
                second.SetResult(await Record.ExceptionAsync(() => context.WriteResponseHeadersAsync([])));
                return new EchoReply();
            },
        });

        await host.Client.EchoAsync(new EchoRequest()).ResponseAsync.Soon();

        (await second.Task).ShouldBeOfType<InvalidOperationException>();
    }

    [Fact]
    [Trait("Wire", "W12")]
    public async Task W12_response_headers_cannot_be_written_after_the_first_message()
    {
        var late = new TaskCompletionSource<Exception?>();
        await using var host = await PeerHost.StartAsync(new PeerHandlers
        {
            Count = async (_, stream, context) =>
            {
                await stream.WriteAsync(new CountReply());
                late.SetResult(await Record.ExceptionAsync(() => context.WriteResponseHeadersAsync([])));
            },
        });

        var answer = await host.Raw.CallAsync("Count", new CountRequest());

        answer.Status.ShouldBe("0");
        (await late.Task).ShouldBeOfType<InvalidOperationException>();
    }

    [Theory]
    [Trait("Wire", "W13")]
    [InlineData("Echo")]
    [InlineData("Count")]
    public async Task W13_a_call_without_its_message_is_internal(string method)
    {
        await using var host = await PeerHost.StartAsync();

        var answer = await host.Raw.CallAsync(method, []);

        answer.Status.ShouldBe("13");
        answer.Message.ShouldBe("Incomplete message.");
    }

    [Theory]
    [Trait("Wire", "W13")]
    [InlineData("Echo", 1)]
    [InlineData("Echo", 4)]
    [InlineData("Echo", 5)]
    [InlineData("Echo", 7)]
    [InlineData("Count", 3)]
    [InlineData("Count", 6)]
    [InlineData("Sum", 6)]
    [InlineData("Chat", 6)]
    public async Task W13_a_message_that_breaks_off_is_internal(string method, int length)
    {
        await using var host = await PeerHost.StartAsync();

        var answer = await host.Raw.CallAsync(method, GrpcFrame.Of(new ChatMessage { Text = "broken off" })[..length]);

        answer.Status.ShouldBe("13");
    }

    [Theory]
    [Trait("Wire", "W13")]
    [InlineData("Echo", 5)]
    [InlineData("Count", 5)]
    [InlineData("Echo", 3)]
    public async Task W13_bytes_after_the_only_message_are_internal(string method, int length)
    {
        await using var host = await PeerHost.StartAsync();

        var answer = await host.Raw.CallAsync(method, new byte[5 + length]);
        var apart = await host.Raw.CallInPartsAsync(method, new byte[5], new byte[length]);

        answer.Status.ShouldBe("13");
        apart.Status.ShouldBe("13");
    }

    [Theory]
    [Trait("Wire", "W13")]
    [InlineData("Echo")]
    [InlineData("Count")]
    [InlineData("Sum")]
    [InlineData("Chat")]
    public async Task W13_a_request_that_does_not_parse_is_internal(string method)
    {
        await using var host = await PeerHost.StartAsync();

        // Field 1, length-delimited, and a length that goes past the end.
        var answer = await host.Raw.CallAsync(method, GrpcFrame.Of([0x0A, 0x7F, 0x41]));

        answer.Status.ShouldBe("13");
    }

    [Fact]
    [Trait("Wire", "W14")]
    public async Task W14_an_answer_before_the_request_has_ended_is_followed_by_a_reset_without_an_error()
    {
        await using var host = await PeerHost.StartAsync(new PeerHandlers { Sum = (_, _) => Task.FromResult(new SumReply { Total = 7 }) });
        await using var wire = await Http2Wire.ConnectAsync(host.Port);

        await wire.SendCallAsync(1, "Sum");
        await wire.SendDataAsync(1, GrpcFrame.Of(new SumRequest { Value = 1 }));
        var frames = await wire.ReadToEndAsync();
        var reset = await wire.ReadAsync();

        frames[^1].Field("grpc-status").ShouldBe("0");
        reset.Type.ShouldBe(FrameType.Reset);
        reset.ErrorCode.ShouldBe(0u);
    }

    [Fact]
    [Trait("Wire", "W14")]
    public async Task W14_the_client_takes_a_whole_answer_followed_by_a_reset_as_that_answer()
    {
        await using var server = Http2Server.Start(async wire =>
        {
            var stream = (await wire.ReadAsync(FrameType.Headers)).Stream;
            await wire.SendHeadersAsync(stream, endStream: false, (":status", "200"), ("content-type", "application/grpc"));
            await wire.SendDataAsync(stream, GrpcFrame.Of(new SumReply { Total = 7 }));
            await wire.SendHeadersAsync(stream, endStream: true, ("grpc-status", "0"), ("kept", "yes"));
            await wire.ResetAsync(stream, 0);
        });
        using var channel = GrpcChannel.ForAddress(server.Address);

        using var call = new Peer.PeerClient(channel).Sum();
        var reply = await call.ResponseAsync.Soon();

        reply.Total.ShouldBe(7);
        call.GetStatus().ShouldBe(Status.DefaultSuccess);
        call.GetTrailers().GetValue("kept").ShouldBe("yes");
    }

    [Fact]
    [Trait("Wire", "W14")]
    public async Task W14_a_client_that_still_writes_gets_the_early_failure()
    {
        await using var host = await PeerHost.StartAsync(new PeerHandlers
        {
            Sum = (_, _) => throw new RpcException(new Status(StatusCode.PermissionDenied, "stop")),
        });
        var payload = ByteString.CopyFrom(new byte[64 * 1024]);

        using var call = host.Client.Sum();
        await Record.ExceptionAsync(async () =>
        {
            for (var i = 0; i < 100; i++)
            {
                await call.RequestStream.WriteAsync(new SumRequest { Payload = payload });
            }
        }).Soon();
        var error = await Should.ThrowAsync<RpcException>(() => call.ResponseAsync.Soon());

        error.Status.ShouldBe(new Status(StatusCode.PermissionDenied, "stop"));
    }

    private static PeerHandlers Failing(Exception exception) => new()
    {
        Echo = (_, _) => throw exception,
        Count = (_, _, _) => throw exception,
        Sum = (_, _) => throw exception,
        Chat = (_, _, _) => throw exception,
    };
}
