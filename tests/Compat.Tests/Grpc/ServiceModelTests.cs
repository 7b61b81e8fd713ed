using System.Collections.Concurrent;
using System.Security.Claims;
using System.Text.Encodings.Web;
using Grpc.AspNetCore.Server;
using Grpc.Core;
using Grpc.Core.Interceptors;
using LlmGateway.Compat.Tests.Grpc.Protos;
using LlmGateway.Compat.Tests.Grpc.Raw;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace LlmGateway.Compat.Tests.Grpc;

/// <summary>How services are found, made, decorated and described: what source code written for the package relies on.</summary>
public sealed class ServiceModelTests
{
    [Fact]
    public void The_structs_and_sealed_classes_of_the_package_are_the_same_here()
    {
        typeof(Status).IsValueType.ShouldBeTrue();
        typeof(CallOptions).IsValueType.ShouldBeTrue();
        typeof(ClientInterceptorContext<,>).IsValueType.ShouldBeTrue();
        typeof(AsyncUnaryCall<>).IsSealed.ShouldBeTrue();
        typeof(AsyncServerStreamingCall<>).IsSealed.ShouldBeTrue();
        typeof(AsyncClientStreamingCall<,>).IsSealed.ShouldBeTrue();
        typeof(AsyncDuplexStreamingCall<,>).IsSealed.ShouldBeTrue();
        new Status(StatusCode.NotFound, "x").ToString().ShouldBe("Status(StatusCode=\"NotFound\", Detail=\"x\")");
        new RpcException(new Status(StatusCode.NotFound, "x")).Message.ShouldBe("Status(StatusCode=\"NotFound\", Detail=\"x\")");
        ((int)StatusCode.Unauthenticated).ShouldBe(16);
    }

    [Fact]
    public void Binding_without_a_service_describes_every_method()
    {
        var binder = new NotingBinder();

        Peer.BindService(binder, null);

        binder.Methods.ShouldBe(["Unary Echo", "ServerStreaming Count", "ClientStreaming Sum", "DuplexStreaming Chat", "Unary Cancelled", "Unary NotOverridden"]);
    }

    [Fact]
    public async Task A_method_that_only_hides_the_generated_one_is_not_served()
    {
        await using var host = await HostAsync<HidingService>();

        var answer = await CallAsync(host, "Echo");

        answer.Status.ShouldBe("12");
    }

    [Fact]
    public async Task An_override_further_down_is_the_one_that_runs()
    {
        await using var host = await HostAsync<DerivedService>();

        var answer = await CallAsync(host, "Echo");

        answer.Reply(EchoReply.Parser).Text.ShouldBe("derived");
    }

    [Fact]
    public async Task Attributes_of_class_and_method_are_metadata_of_the_endpoint_in_that_order()
    {
        await using var host = await HostAsync<MarkedService>();

        var endpoint = host.Services.GetRequiredService<EndpointDataSource>().Endpoints.OfType<RouteEndpoint>()
            .Single(candidate => candidate.Metadata.GetMetadata<GrpcMethodMetadata>()?.Method.Name == "Echo");

        endpoint.RoutePattern.RawText.ShouldBe(RawGrpc.Peer + "Echo");
        endpoint.Metadata.OfType<MarkAttribute>().Select(mark => mark.Name).ShouldBe(["class", "method"]);
        endpoint.Metadata.GetMetadata<HttpMethodMetadata>().ShouldNotBeNull().HttpMethods.ShouldBe(["POST"]);
        var metadata = endpoint.Metadata.GetMetadata<GrpcMethodMetadata>().ShouldNotBeNull();
        metadata.ServiceType.ShouldBe(typeof(MarkedService));
        metadata.Method.FullName.ShouldBe("/llmgateway.compat.v1.Peer/Echo");
    }

    [Fact]
    public async Task Authorization_required_of_the_endpoints_or_by_an_attribute_is_enforced()
    {
        await using var required = await GuardedAsync(app => app.MapGrpcService<DerivedService>().RequireAuthorization());
        await using var marked = await GuardedAsync(app => app.MapGrpcService<AuthorizedService>());

        foreach (var host in new[] { required, marked })
        {
            var refused = await CallAsync(host, "Echo");
            var admitted = await CallAsync(host, "Echo", ("x-user", "ann"));

            refused.Http.ShouldBe(401);
            admitted.Status.ShouldBe("0");
        }
    }

    [Fact]
    public async Task A_service_is_made_for_each_call_and_disposed_after_it()
    {
        await using var host = await HostAsync<CountedService>(services => services.AddScoped<Scope>());

        var first = (await CallAsync(host, "Echo")).Reply(EchoReply.Parser).Text;
        var second = (await CallAsync(host, "Echo")).Reply(EchoReply.Parser).Text;

        first.ShouldNotBe(second);
        var log = host.Services.GetRequiredService<Notes>();
        log.ShouldBe([$"made {first}", $"disposed {first}", $"made {second}", $"disposed {second}"]);
    }

    [Fact]
    public async Task A_service_that_fails_is_disposed_too()
    {
        await using var host = await HostAsync<CountedService>(services => services.AddScoped<Scope>());

        var answer = await CallAsync(host, "NotOverridden");

        answer.Status.ShouldBe("5");
        host.Services.GetRequiredService<Notes>().Count(note => note.StartsWith("disposed", StringComparison.Ordinal)).ShouldBe(1);
    }

    [Fact]
    public async Task A_registered_service_comes_from_the_container_which_disposes_it()
    {
        await using var host = await HostAsync<CountedService>(
            services => services.AddSingleton<CountedService>().AddSingleton<Scope>());

        var first = (await CallAsync(host, "Echo")).Reply(EchoReply.Parser).Text;
        var second = (await CallAsync(host, "Echo")).Reply(EchoReply.Parser).Text;

        second.ShouldBe(first);
        host.Services.GetRequiredService<Notes>().ShouldBe([$"made {first}"]);
    }

    [Fact]
    public async Task Global_interceptors_run_outside_those_of_a_service_in_the_order_given()
    {
        await using var host = await HostAsync<DerivedService>(services => services
            .AddGrpc(options =>
            {
                options.Interceptors.Add<NotingInterceptor>("global 1");
                options.Interceptors.Add<NotingInterceptor>("global 2");
            })
            .AddServiceOptions<DerivedService>(options => options.Interceptors.Add<NotingInterceptor>("service")));

        await CallAsync(host, "Echo");

        host.Services.GetRequiredService<Notes>().ShouldBe(
            ["global 1 in", "global 2 in", "service in", "service out", "global 2 out", "global 1 out"]);
    }

    [Fact]
    public async Task An_interceptor_sees_each_kind_of_call()
    {
        await using var host = await HostAsync<PeerService>(services => services
            .AddSingleton(new PeerHandlers())
            .AddGrpc(options => options.Interceptors.Add<NotingInterceptor>("all")));

        foreach (var method in new[] { "Echo", "Count", "Sum", "Chat" })
        {
            (await CallAsync(host, method)).Status.ShouldBe("0");
        }

        host.Services.GetRequiredService<Notes>().Count(note => note == "all in").ShouldBe(4);
    }

    [Fact]
    public async Task An_interceptor_can_turn_an_exception_into_a_status()
    {
        await using var host = await HostAsync<PeerService>(services => services
            .AddSingleton(new PeerHandlers { Echo = (_, _) => throw new KeyNotFoundException() })
            .AddGrpc(options => options.Interceptors.Add<TranslatingInterceptor>()));

        var answer = await CallAsync(host, "Echo");

        answer.Status.ShouldBe("5");
        answer.Message.ShouldBe("translated");
    }

    [Fact]
    public async Task The_context_of_a_call_tells_who_calls_what()
    {
        var seen = new TaskCompletionSource<(string Method, string Host, string Peer, bool SameContext)>();
        await using var host = await PeerHost.StartAsync(new PeerHandlers
        {
            Echo = (_, context) =>
            {
                context.UserState["key"] = "value";
                var feature = context.GetHttpContext().Features.Get<IServerCallContextFeature>();
                seen.SetResult((context.Method, context.Host, context.Peer, ReferenceEquals(feature?.ServerCallContext, context)));
                return Task.FromResult(new EchoReply());
            },
        });

        await host.Client.EchoAsync(new EchoRequest()).ResponseAsync.Soon();

        var (method, name, peer, same) = await seen.Task;
        method.ShouldBe("/llmgateway.compat.v1.Peer/Echo");
        name.ShouldBe($"127.0.0.1:{host.Port}");
        peer.ShouldStartWith("ipv4:127.0.0.1:");
        same.ShouldBeTrue();
    }

    private static Task<LoopbackHost> HostAsync<TService>(Action<IServiceCollection>? services = null)
        where TService : class => LoopbackHost.StartAsync(
            builder =>
            {
                builder.Services.AddGrpc();
                builder.Services.AddSingleton<Notes>();
                services?.Invoke(builder.Services);
            },
            app => app.MapGrpcService<TService>());

    private static Task<LoopbackHost> GuardedAsync(Action<WebApplication> map) => LoopbackHost.StartAsync(
        builder =>
        {
            builder.Services.AddGrpc();
            builder.Services.AddAuthentication("named").AddScheme<AuthenticationSchemeOptions, NamedUser>("named", _ => { });
            builder.Services.AddAuthorization();
        },
        app =>
        {
            app.UseAuthentication();
            app.UseAuthorization();
            map(app);
        });

    private static async Task<RawAnswer> CallAsync(LoopbackHost host, string method, params (string Name, string Value)[] headers)
    {
        using var raw = new RawGrpc(host.Address);
        return await raw.CallAsync(method, new byte[5], headers);
    }

    private sealed class Notes : ConcurrentQueue<string>;

    private sealed class Scope
    {
        public string Id { get; } = Guid.NewGuid().ToString("N");
    }

    private sealed class HidingService : Peer.PeerBase
    {
        public new static Task<EchoReply> Echo(EchoRequest request, ServerCallContext context) =>
            Task.FromResult(new EchoReply { Text = request.Text + context.Method });
    }

    private class DerivedService() : PeerService(new PeerHandlers())
    {
        public override Task<EchoReply> Echo(EchoRequest request, ServerCallContext context) =>
            Task.FromResult(new EchoReply { Text = "derived" });
    }

    [Authorize]
    private sealed class AuthorizedService : DerivedService;

    [Mark("class")]
    private sealed class MarkedService : Peer.PeerBase
    {
        [Mark("method")]
        public override Task<EchoReply> Echo(EchoRequest request, ServerCallContext context) => Task.FromResult(new EchoReply());
    }

    private sealed class CountedService : Peer.PeerBase, IDisposable
    {
        private readonly Notes _notes;
        private readonly string _id;

        public CountedService(Notes notes, Scope scope)
        {
            _notes = notes;
            _id = scope.Id;
            notes.Enqueue($"made {_id}");
        }

        public override Task<EchoReply> Echo(EchoRequest request, ServerCallContext context) => Task.FromResult(new EchoReply { Text = _id });

        public override Task<EchoReply> NotOverridden(EchoRequest request, ServerCallContext context) =>
            throw new RpcException(new Status(StatusCode.NotFound, ""));

        public void Dispose() => _notes.Enqueue($"disposed {_id}");
    }

    [AttributeUsage(AttributeTargets.Class | AttributeTargets.Method)]
    private sealed class MarkAttribute(string name) : Attribute
    {
        public string Name { get; } = name;
    }

    private sealed class NotingInterceptor(Notes notes, string name) : Interceptor
    {
        public override Task<TResponse> UnaryServerHandler<TRequest, TResponse>(
            TRequest request, ServerCallContext context, UnaryServerMethod<TRequest, TResponse> continuation) =>
            NoteAsync(() => continuation(request, context));

        public override Task<TResponse> ClientStreamingServerHandler<TRequest, TResponse>(
            IAsyncStreamReader<TRequest> requestStream,
            ServerCallContext context,
            ClientStreamingServerMethod<TRequest, TResponse> continuation) => NoteAsync(() => continuation(requestStream, context));

        public override Task ServerStreamingServerHandler<TRequest, TResponse>(
            TRequest request,
            IServerStreamWriter<TResponse> responseStream,
            ServerCallContext context,
            ServerStreamingServerMethod<TRequest, TResponse> continuation) =>
            NoteAsync(async () =>
            {
                await continuation(request, responseStream, context);
                return true;
            });

        public override Task DuplexStreamingServerHandler<TRequest, TResponse>(
            IAsyncStreamReader<TRequest> requestStream,
            IServerStreamWriter<TResponse> responseStream,
            ServerCallContext context,
            DuplexStreamingServerMethod<TRequest, TResponse> continuation) =>
            NoteAsync(async () =>
            {
                await continuation(requestStream, responseStream, context);
                return true;
            });

        private async Task<T> NoteAsync<T>(Func<Task<T>> call)
        {
            notes.Enqueue($"{name} in");
            var result = await call();
            notes.Enqueue($"{name} out");
            return result;
        }
    }

    private sealed class TranslatingInterceptor : Interceptor
    {
        public override async Task<TResponse> UnaryServerHandler<TRequest, TResponse>(
            TRequest request, ServerCallContext context, UnaryServerMethod<TRequest, TResponse> continuation)
        {
            try
            {
                return await continuation(request, context);
            }
            catch (KeyNotFoundException)
            {
                throw new RpcException(new Status(StatusCode.NotFound, "translated"));
            }
        }
    }

    private sealed class NotingBinder : ServiceBinderBase
    {
        public List<string> Methods { get; } = [];

        public override void AddMethod<TRequest, TResponse>(
            Method<TRequest, TResponse> method, UnaryServerMethod<TRequest, TResponse>? handler) => Note(method, handler);

        public override void AddMethod<TRequest, TResponse>(
            Method<TRequest, TResponse> method, ClientStreamingServerMethod<TRequest, TResponse>? handler) => Note(method, handler);

        public override void AddMethod<TRequest, TResponse>(
            Method<TRequest, TResponse> method, ServerStreamingServerMethod<TRequest, TResponse>? handler) => Note(method, handler);

        public override void AddMethod<TRequest, TResponse>(
            Method<TRequest, TResponse> method, DuplexStreamingServerMethod<TRequest, TResponse>? handler) => Note(method, handler);

        private void Note(IMethod method, Delegate? handler)
        {
            handler.ShouldBeNull();
            Methods.Add($"{method.Type} {method.Name}");
        }
    }

    private sealed class NamedUser(
        IOptionsMonitor<AuthenticationSchemeOptions> options, ILoggerFactory logger, UrlEncoder encoder)
        : AuthenticationHandler<AuthenticationSchemeOptions>(options, logger, encoder)
    {
        protected override Task<AuthenticateResult> HandleAuthenticateAsync() => Task.FromResult(
            Request.Headers["x-user"].ToString() is { Length: > 0 } name
                ? AuthenticateResult.Success(new AuthenticationTicket(
                    new ClaimsPrincipal(new ClaimsIdentity([new Claim(ClaimTypes.Name, name)], Scheme.Name)), Scheme.Name))
                : AuthenticateResult.NoResult());
    }
}
