using System.Net.Sockets;
using Grpc.Core;
using Grpc.Core.Interceptors;
using Grpc.Net.Client;
using Grpc.Net.ClientFactory;
using LlmGateway.Compat.Tests.Grpc.Protos;
using LlmGateway.Compat.Tests.Grpc.Raw;
using Microsoft.Extensions.DependencyInjection;

namespace LlmGateway.Compat.Tests.Grpc;

/// <summary>Channels, the client factory and client interceptors: what source code written for the package relies on.</summary>
public sealed class ClientModelTests
{
    [Fact]
    public async Task A_deadline_must_be_UTC()
    {
        await using var host = await PeerHost.StartAsync();
        var local = DateTime.SpecifyKind(Patience.FromNow(TimeSpan.FromMinutes(1)), DateTimeKind.Local);

        await Should.ThrowAsync<InvalidOperationException>(
            async () => await host.Client.EchoAsync(new EchoRequest(), deadline: local).ResponseAsync.Soon());
    }

    [Fact]
    public async Task A_call_can_block()
    {
        await using var host = await PeerHost.StartAsync();

        host.Client.Echo(new EchoRequest { Text = "sync" }).Text.ShouldBe("sync");
        Should.Throw<RpcException>(() => host.Client.Echo(new EchoRequest { Status = 5 })).StatusCode.ShouldBe(StatusCode.NotFound);
    }

    [Fact]
    public async Task A_unary_request_can_be_sent_again_by_a_handler()
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
        using var channel = GrpcChannel.ForAddress(host.Address, new GrpcChannelOptions
        {
            HttpHandler = new TwiceHandler { InnerHandler = new SocketsHttpHandler() },
        });

        await new Peer.PeerClient(channel).EchoAsync(new EchoRequest { Text = new string('r', 10_000) }).ResponseAsync.Soon();

        received.ShouldBe([new string('r', 10_000), new string('r', 10_000)]);
    }

    [Fact]
    public async Task A_refused_stream_is_tried_again_below_the_call()
    {
        await using var server = Http2Server.Start(async wire =>
        {
            var refused = (await wire.ReadAsync(FrameType.Headers)).Stream;
            await wire.ResetAsync(refused, 7);
            var stream = (await wire.ReadAsync(FrameType.Headers)).Stream;
            await wire.SendHeadersAsync(stream, endStream: false, (":status", "200"), ("content-type", "application/grpc"));
            await wire.SendDataAsync(stream, GrpcFrame.Of(new EchoReply { Text = "second" }));
            await wire.SendHeadersAsync(stream, endStream: true, ("grpc-status", "0"));
        });
        using var channel = GrpcChannel.ForAddress(server.Address);

        var reply = await new Peer.PeerClient(channel).EchoAsync(new EchoRequest()).ResponseAsync.Soon();

        reply.Text.ShouldBe("second");
    }

    [Fact]
    public async Task A_client_of_the_factory_is_transient_over_one_handler_and_takes_message_handlers()
    {
        await using var host = await PeerHost.StartAsync();
        var handlers = 0;
        var notes = new List<string>();
        var services = new ServiceCollection();
        services.AddGrpcClient<Peer.PeerClient>(options => options.Address = new Uri(host.Address))
            .ConfigurePrimaryHttpMessageHandler(() =>
            {
                handlers++;
                return new SocketsHttpHandler();
            })
            .AddHttpMessageHandler(() => new NotingHandler(notes));
        await using var provider = services.BuildServiceProvider();

        var first = provider.GetRequiredService<Peer.PeerClient>();
        var second = provider.GetRequiredService<Peer.PeerClient>();
        await first.EchoAsync(new EchoRequest()).ResponseAsync.Soon();
        await second.EchoAsync(new EchoRequest()).ResponseAsync.Soon();

        second.ShouldNotBeSameAs(first);
        handlers.ShouldBe(1);
        notes.ShouldBe(["/llmgateway.compat.v1.Peer/Echo", "/llmgateway.compat.v1.Peer/Echo"]);
    }

    [Fact]
    public async Task A_failure_of_a_message_handler_is_a_failure_of_the_call()
    {
        var services = new ServiceCollection();
        services.AddGrpcClient<Peer.PeerClient>(options => options.Address = new Uri("http://127.0.0.1:1"))
            .AddHttpMessageHandler(() => new FailingHandler());
        await using var provider = services.BuildServiceProvider();

        var error = await Should.ThrowAsync<RpcException>(
            () => provider.GetRequiredService<Peer.PeerClient>().EchoAsync(new EchoRequest()).ResponseAsync.Soon());

        error.StatusCode.ShouldBe(StatusCode.Unavailable);
    }

    [Fact]
    public async Task Named_clients_have_addresses_of_their_own()
    {
        await using var one = await PeerHost.StartAsync(Saying("one"));
        await using var two = await PeerHost.StartAsync(Saying("two"));
        var services = new ServiceCollection();
        services.AddGrpcClient<Peer.PeerClient>("one", options => options.Address = new Uri(one.Address));
        services.AddGrpcClient<Peer.PeerClient>("two", (_, options) => options.Address = new Uri(two.Address));
        await using var provider = services.BuildServiceProvider();
        var factory = provider.GetRequiredService<GrpcClientFactory>();

        foreach (var name in new[] { "one", "two" })
        {
            var reply = await factory.CreateClient<Peer.PeerClient>(name).EchoAsync(new EchoRequest()).ResponseAsync.Soon();
            reply.Text.ShouldBe(name);
        }
    }

    [Fact]
    public async Task The_factory_configures_channels_and_adds_interceptors_and_credentials()
    {
        await using var host = await PeerHost.StartAsync();
        var notes = new List<string>();
        var services = new ServiceCollection();
        services.AddGrpcClient<Peer.PeerClient>(options => options.Address = new Uri(host.Address))
            .ConfigureChannel(options =>
            {
                options.MaxReceiveMessageSize = 100;
                options.UnsafeUseInsecureChannelCallCredentials = true;
            })
            .AddInterceptor(() => new NotingInterceptor(notes, "factory"))
            .AddCallCredentials((_, metadata) =>
            {
                metadata.Add("echo-user", "ann");
                return Task.CompletedTask;
            });
        await using var provider = services.BuildServiceProvider();
        var client = provider.GetRequiredService<Peer.PeerClient>();

        using var call = client.EchoAsync(new EchoRequest());
        await call.ResponseAsync.Soon();
        var error = await Should.ThrowAsync<RpcException>(() => client.EchoAsync(new EchoRequest { ReplyBytes = 200 }).ResponseAsync.Soon());

        call.GetTrailers().GetValue("echo-user").ShouldBe("ann");
        error.StatusCode.ShouldBe(StatusCode.ResourceExhausted);
        notes.ShouldBe(["factory Echo", "factory Echo"]);
    }

    [Fact]
    public async Task Context_propagation_outside_a_call_is_a_mistake_unless_it_is_said_not_to_be()
    {
        await using var host = await PeerHost.StartAsync();
        var strict = new ServiceCollection();
        strict.AddGrpcClient<Peer.PeerClient>(options => options.Address = new Uri(host.Address)).EnableCallContextPropagation();
        var lenient = new ServiceCollection();
        lenient.AddGrpcClient<Peer.PeerClient>(options => options.Address = new Uri(host.Address))
            .EnableCallContextPropagation(options => options.SuppressContextNotFoundErrors = true);
        await using var strictProvider = strict.BuildServiceProvider();
        await using var lenientProvider = lenient.BuildServiceProvider();

        await Should.ThrowAsync<InvalidOperationException>(async () =>
            await strictProvider.GetRequiredService<Peer.PeerClient>().EchoAsync(new EchoRequest()).ResponseAsync.Soon());
        var reply = await lenientProvider.GetRequiredService<Peer.PeerClient>().EchoAsync(new EchoRequest { Text = "x" }).ResponseAsync.Soon();

        reply.Text.ShouldBe("x");
    }

    [Fact]
    public async Task The_last_interceptor_added_runs_first_and_several_at_once_in_their_order()
    {
        await using var host = await PeerHost.StartAsync();
        var notes = new List<string>();

        var chained = host.Channel.Intercept(new NotingInterceptor(notes, "a")).Intercept(new NotingInterceptor(notes, "b"));
        await new Peer.PeerClient(chained).EchoAsync(new EchoRequest()).ResponseAsync.Soon();
        var together = host.Channel.Intercept(new NotingInterceptor(notes, "c"), new NotingInterceptor(notes, "d"));
        await new Peer.PeerClient(together).EchoAsync(new EchoRequest()).ResponseAsync.Soon();

        notes.ShouldBe(["b Echo", "a Echo", "c Echo", "d Echo"]);
    }

    [Fact]
    public async Task An_interceptor_can_change_options_and_replace_the_answer()
    {
        await using var host = await PeerHost.StartAsync();
        var invoker = host.Channel.Intercept(new RescuingInterceptor());

        var reply = await new Peer.PeerClient(invoker).EchoAsync(new EchoRequest { Text = "x", Status = 14 }).ResponseAsync.Soon();

        reply.Text.ShouldBe("rescued with 1 header");
    }

    [Fact]
    public async Task Metadata_can_be_added_to_every_call()
    {
        await using var host = await PeerHost.StartAsync();
        var invoker = host.Channel.Intercept(metadata =>
        {
            metadata.Add("echo-added", "yes");
            return metadata;
        });

        using var call = new Peer.PeerClient(invoker).EchoAsync(new EchoRequest());
        await call.ResponseAsync.Soon();

        call.GetTrailers().GetValue("echo-added").ShouldBe("yes");
    }

    [Fact]
    public async Task Status_and_trailers_are_asked_for_after_the_call()
    {
        await using var host = await PeerHost.StartAsync(new PeerHandlers
        {
            Echo = async (_, context) =>
            {
                await context.CancellationToken.WhenCancelledAsync();
                return new EchoReply();
            },
        });

        using var call = host.Client.EchoAsync(new EchoRequest());

        Should.Throw<InvalidOperationException>(() => call.GetStatus());
        Should.Throw<InvalidOperationException>(() => call.GetTrailers());
    }

    [Fact]
    public async Task A_disposed_channel_makes_no_calls()
    {
        await using var host = await PeerHost.StartAsync();
        var channel = GrpcChannel.ForAddress(host.Address);
        var client = new Peer.PeerClient(channel);
        channel.Dispose();

        await Should.ThrowAsync<ObjectDisposedException>(async () => await client.EchoAsync(new EchoRequest()).ResponseAsync.Soon());
    }

    private static PeerHandlers Saying(string text) => new() { Echo = (_, _) => Task.FromResult(new EchoReply { Text = text }) };

    private sealed class TwiceHandler : DelegatingHandler
    {
        protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            using (await base.SendAsync(request, cancellationToken))
            {
            }

            return await base.SendAsync(request, cancellationToken);
        }
    }

    private sealed class NotingHandler(List<string> notes) : DelegatingHandler
    {
        protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            notes.Add(request.RequestUri!.AbsolutePath);
            return base.SendAsync(request, cancellationToken);
        }
    }

    private sealed class FailingHandler : DelegatingHandler
    {
        protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken) =>
            throw new HttpRequestException("no network", new SocketException((int)SocketError.NetworkUnreachable));
    }

    private sealed class NotingInterceptor(List<string> notes, string name) : Interceptor
    {
        public override AsyncUnaryCall<TResponse> AsyncUnaryCall<TRequest, TResponse>(
            TRequest request, ClientInterceptorContext<TRequest, TResponse> context, AsyncUnaryCallContinuation<TRequest, TResponse> continuation)
        {
            notes.Add($"{name} {context.Method.Name}");
            return continuation(request, context);
        }
    }

    private sealed class RescuingInterceptor : Interceptor
    {
        public override AsyncUnaryCall<TResponse> AsyncUnaryCall<TRequest, TResponse>(
            TRequest request, ClientInterceptorContext<TRequest, TResponse> context, AsyncUnaryCallContinuation<TRequest, TResponse> continuation)
        {
            var options = context.Options.WithHeaders(new Metadata { { "x", "1" } });
            var call = continuation(request, new ClientInterceptorContext<TRequest, TResponse>(context.Method, context.Host, options));
            return new AsyncUnaryCall<TResponse>(
                RescueAsync(call.ResponseAsync, options.Headers!.Count), call.ResponseHeadersAsync, call.GetStatus, call.GetTrailers, call.Dispose);
        }

        private static async Task<TResponse> RescueAsync<TResponse>(Task<TResponse> response, int headers)
        {
            try
            {
                return await response;
            }
            catch (RpcException error) when (error.StatusCode == StatusCode.Unavailable)
            {
                return (TResponse)(object)new EchoReply { Text = $"rescued with {headers} header" };
            }
        }
    }
}
