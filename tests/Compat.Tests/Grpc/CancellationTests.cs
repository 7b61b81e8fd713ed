using Grpc.Core;
using Grpc.Net.Client;
using LlmGateway.Compat.Tests.Grpc.Protos;
using LlmGateway.Compat.Tests.Grpc.Raw;
using Microsoft.Extensions.DependencyInjection;

namespace LlmGateway.Compat.Tests.Grpc;

/// <summary>Cancellation as both ends and the wire see it: W22, W24, and the other half of W23.</summary>
public sealed class CancellationTests
{
    private const uint Cancel = 8;

    [Fact]
    [Trait("Wire", "W22")]
    public async Task W22_the_clients_token_resets_the_stream_with_CANCEL()
    {
        await using var server = new SilentServer();
        using var channel = GrpcChannel.ForAddress(server.Address);
        using var source = new CancellationTokenSource();

        using var call = new Peer.PeerClient(channel).EchoAsync(new EchoRequest(), cancellationToken: source.Token);
        await server.Arrived.Soon();
        await source.CancelAsync();
        var error = await Should.ThrowAsync<RpcException>(() => call.ResponseAsync.Soon());

        error.Status.StatusCode.ShouldBe(StatusCode.Cancelled);
        error.Status.Detail.ShouldBe("Call canceled by the client.");
        call.GetStatus().StatusCode.ShouldBe(StatusCode.Cancelled);
        (await server.ResetCode.Soon()).ShouldBe(Cancel);
    }

    [Fact]
    [Trait("Wire", "W22")]
    public async Task W22_disposing_a_call_resets_the_stream_with_CANCEL()
    {
        await using var server = new SilentServer();
        using var channel = GrpcChannel.ForAddress(server.Address);

        var call = new Peer.PeerClient(channel).EchoAsync(new EchoRequest());
        await server.Arrived.Soon();
        call.Dispose();
        var error = await Should.ThrowAsync<RpcException>(() => call.ResponseAsync.Soon());

        error.Status.StatusCode.ShouldBe(StatusCode.Cancelled);
        error.Status.Detail.ShouldBe("gRPC call disposed.");
        (await server.ResetCode.Soon()).ShouldBe(Cancel);
    }

    [Fact]
    [Trait("Wire", "W22")]
    public async Task W22_the_token_of_MoveNext_cancels_the_call()
    {
        await using var server = new SilentServer();
        using var channel = GrpcChannel.ForAddress(server.Address);
        using var source = new CancellationTokenSource();

        using var call = new Peer.PeerClient(channel).Count(new CountRequest());
        var next = call.ResponseStream.MoveNext(source.Token);
        await server.Arrived.Soon();
        await source.CancelAsync();
        var error = await Should.ThrowAsync<RpcException>(() => next.Soon());

        error.StatusCode.ShouldBe(StatusCode.Cancelled);
        (await server.ResetCode.Soon()).ShouldBe(Cancel);
    }

    [Fact]
    [Trait("Wire", "W22")]
    public async Task W22_a_disposed_stream_cannot_be_read()
    {
        await using var host = await PeerHost.StartAsync();

        var call = host.Client.Count(new CountRequest { Count = 1000, DelayMs = 10 });
        (await call.ResponseStream.MoveNext().Soon()).ShouldBeTrue();
        call.Dispose();

        await Should.ThrowAsync<ObjectDisposedException>(() => call.ResponseStream.MoveNext().Soon());
    }

    [Fact]
    [Trait("Wire", "W22")]
    public async Task W22_a_token_that_is_already_cancelled_sends_nothing()
    {
        var ran = false;
        await using var host = await PeerHost.StartAsync(new PeerHandlers
        {
            Echo = (request, _) =>
            {
                ran |= request.Text == "never";
                return Task.FromResult(new EchoReply());
            },
        });

        var error = await Should.ThrowAsync<RpcException>(() => host.Client
            .EchoAsync(new EchoRequest { Text = "never" }, cancellationToken: new CancellationToken(canceled: true)).ResponseAsync.Soon());
        await host.Client.EchoAsync(new EchoRequest()).ResponseAsync.Soon();

        error.StatusCode.ShouldBe(StatusCode.Cancelled);
        ran.ShouldBeFalse();
    }

    [Fact]
    [Trait("Wire", "W22")]
    public async Task W22_the_handler_of_a_cancelled_call_sees_its_token_fire()
    {
        var started = new TaskCompletionSource();
        var cancelled = new TaskCompletionSource();
        await using var host = await PeerHost.StartAsync(new PeerHandlers
        {
            Echo = async (_, context) =>
            {
                context.CancellationToken.Register(cancelled.SetResult);
                started.SetResult();
                await cancelled.Task;
                return new EchoReply();
            },
        });

        var call = host.Client.EchoAsync(new EchoRequest());
        await started.Task.Soon();
        call.Dispose();

        await cancelled.Task.Soon();
    }

    [Fact]
    [Trait("Wire", "W22")]
    public async Task W22_writing_to_a_client_that_has_gone_fails()
    {
        var write = new TaskCompletionSource<Exception>();
        await using var host = await PeerHost.StartAsync(new PeerHandlers
        {
            Count = async (_, stream, context) =>
            {
                await stream.WriteAsync(new CountReply());
                await context.CancellationToken.WhenCancelledAsync();
                write.SetResult(await Record.ExceptionAsync(() => stream.WriteAsync(new CountReply())));
            },
        });

        var call = host.Client.Count(new CountRequest());
        await call.ResponseStream.MoveNext().Soon();
        call.Dispose();

        (await write.Task.Soon()).ShouldNotBeNull();
    }

    [Fact]
    [Trait("Wire", "W22")]
    public async Task W22_reading_from_a_client_that_has_gone_fails_and_does_not_look_like_the_end()
    {
        var first = new TaskCompletionSource();
        var read = new TaskCompletionSource<Exception>();
        await using var host = await PeerHost.StartAsync(new PeerHandlers
        {
            Sum = async (stream, _) =>
            {
                await stream.MoveNext();
                first.SetResult();
                read.SetResult(await Record.ExceptionAsync(() => stream.MoveNext()));
                return new SumReply();
            },
        });

        var call = host.Client.Sum();
        await call.RequestStream.WriteAsync(new SumRequest()).Soon();
        await first.Task.Soon();
        call.Dispose();

        (await read.Task.Soon()).ShouldNotBeNull();
    }

    [Fact]
    [Trait("Wire", "W22")]
    public async Task W22_a_handler_can_cancel_one_read()
    {
        var read = new TaskCompletionSource<Exception>();
        await using var host = await PeerHost.StartAsync(new PeerHandlers
        {
            Sum = async (stream, _) =>
            {
                using var source = new CancellationTokenSource();
                var next = stream.MoveNext(source.Token);
                await source.CancelAsync();
                read.SetResult(await Record.ExceptionAsync(() => next.Soon()));
                return new SumReply();
            },
        });

        using var call = host.Client.Sum();

        (await read.Task.Soon()).ShouldBeAssignableTo<OperationCanceledException>();
    }

    [Fact]
    [Trait("Wire", "W23")]
    public async Task W23_cancellation_travels_on_to_calls_made_inside_the_call()
    {
        var started = new TaskCompletionSource();
        var cancelled = new TaskCompletionSource();
        await using var inner = await PeerHost.StartAsync(new PeerHandlers
        {
            Echo = async (_, context) =>
            {
                started.SetResult();
                await context.CancellationToken.WhenCancelledAsync();
                cancelled.SetResult();
                return new EchoReply();
            },
        });
        await using var outer = await PeerHost.StartAsync(
            new PeerHandlers
            {
                Echo = async (request, context) =>
                    await context.GetHttpContext().RequestServices.GetRequiredService<Peer.PeerClient>().EchoAsync(request),
            },
            build: builder => builder.Services
                .AddGrpcClient<Peer.PeerClient>(options => options.Address = new Uri(inner.Address)).EnableCallContextPropagation());

        var call = outer.Client.EchoAsync(new EchoRequest());
        await started.Task.Soon();
        call.Dispose();

        await cancelled.Task.Soon();
    }

    [Fact]
    [Trait("Wire", "W24")]
    public async Task W24_cancellation_can_be_an_OperationCanceledException()
    {
        await using var server = new SilentServer();
        using var channel = GrpcChannel.ForAddress(
            server.Address, new GrpcChannelOptions { ThrowOperationCanceledOnCancellation = true });
        using var source = new CancellationTokenSource();

        using var call = new Peer.PeerClient(channel).Count(new CountRequest(), cancellationToken: source.Token);
        var next = call.ResponseStream.MoveNext();
        await server.Arrived.Soon();
        await source.CancelAsync();

        await Should.ThrowAsync<OperationCanceledException>(() => next.Soon());
    }

    [Fact]
    [Trait("Wire", "W24")]
    public async Task W24_a_cancelled_unary_call_can_be_an_OperationCanceledException()
    {
        await using var server = new SilentServer();
        using var channel = GrpcChannel.ForAddress(
            server.Address, new GrpcChannelOptions { ThrowOperationCanceledOnCancellation = true });
        using var source = new CancellationTokenSource();

        using var call = new Peer.PeerClient(channel).EchoAsync(new EchoRequest(), cancellationToken: source.Token);
        await server.Arrived.Soon();
        await source.CancelAsync();

        await Should.ThrowAsync<OperationCanceledException>(() => call.ResponseAsync.Soon());
    }

    /// <summary>Takes one request, answers nothing, notes how the client gave up.</summary>
    private sealed class SilentServer : IAsyncDisposable
    {
        private readonly TaskCompletionSource _arrived = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private readonly TaskCompletionSource<uint> _reset = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private readonly Http2Server _server;

        public SilentServer() => _server = Http2Server.Start(async wire =>
        {
            await wire.ReadAsync(FrameType.Headers);
            _arrived.SetResult();
            _reset.SetResult((await wire.ReadAsync(FrameType.Reset)).ErrorCode);
        });

        public string Address => _server.Address;

        public Task Arrived => _arrived.Task;

        public Task<uint> ResetCode => _reset.Task;

        public ValueTask DisposeAsync() => _server.DisposeAsync();
    }
}
