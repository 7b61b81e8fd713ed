using System.Reflection;
using Grpc.Core;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Logging;

namespace Grpc.AspNetCore.Server;

// Turns each method of a service into one endpoint; all that a call needs is made here, once.
internal sealed class EndpointBinder<TService>(IEndpointRouteBuilder routes, MethodOptions options, ILogger logger) : ServiceBinderBase
    where TService : class
{
    private readonly Type _generatedBase = ServiceMethods.FindBase(typeof(TService));
    private readonly ServiceActivator<TService> _activator = new(routes.ServiceProvider, typeof(TService), []);
    private readonly InterceptorPipeline _interceptors = new(routes.ServiceProvider, options.Interceptors);
    private readonly List<IEndpointConventionBuilder> _endpoints = [];
    private readonly HashSet<string> _serviceNames = [];

    public IReadOnlyCollection<string> ServiceNames => _serviceNames;

    public List<IEndpointConventionBuilder> Bind()
    {
        ServiceMethods.Bind(_generatedBase, this);
        return _endpoints;
    }

    public override void AddMethod<TRequest, TResponse>(
        Method<TRequest, TResponse> method, UnaryServerMethod<TRequest, TResponse>? handler)
    {
        var implementation = Find(method, typeof(TRequest), typeof(ServerCallContext));
        var call = implementation.CreateDelegate<Func<TService, TRequest, ServerCallContext, Task<TResponse>>>();
        var invoke = _interceptors.Wrap<TRequest, TResponse>(_activator.MustDispose
            ? async (request, context) =>
            {
                await using var service = _activator.CreateDisposable(context);
                return await call(service.Target, request, context);
            }
        : (request, context) => call(_activator.Create(context), request, context));
        Map(method, implementation, new UnaryCallHandler<TRequest, TResponse>(method, options, logger, invoke));
    }

    public override void AddMethod<TRequest, TResponse>(
        Method<TRequest, TResponse> method, ClientStreamingServerMethod<TRequest, TResponse>? handler)
    {
        var implementation = Find(method, typeof(IAsyncStreamReader<TRequest>), typeof(ServerCallContext));
        var call = implementation.CreateDelegate<Func<TService, IAsyncStreamReader<TRequest>, ServerCallContext, Task<TResponse>>>();
        var invoke = _interceptors.Wrap<TRequest, TResponse>(_activator.MustDispose
            ? async (requests, context) =>
            {
                await using var service = _activator.CreateDisposable(context);
                return await call(service.Target, requests, context);
            }
        : (requests, context) => call(_activator.Create(context), requests, context));
        Map(method, implementation, new ClientStreamingCallHandler<TRequest, TResponse>(method, options, logger, invoke));
    }

    public override void AddMethod<TRequest, TResponse>(
        Method<TRequest, TResponse> method, ServerStreamingServerMethod<TRequest, TResponse>? handler)
    {
        var implementation = Find(method, typeof(TRequest), typeof(IServerStreamWriter<TResponse>), typeof(ServerCallContext));
        var call = implementation.CreateDelegate<Func<TService, TRequest, IServerStreamWriter<TResponse>, ServerCallContext, Task>>();
        var invoke = _interceptors.Wrap<TRequest, TResponse>(_activator.MustDispose
            ? async (request, responses, context) =>
            {
                await using var service = _activator.CreateDisposable(context);
                await call(service.Target, request, responses, context);
            }
        : (request, responses, context) => call(_activator.Create(context), request, responses, context));
        Map(method, implementation, new ServerStreamingCallHandler<TRequest, TResponse>(method, options, logger, invoke));
    }

    public override void AddMethod<TRequest, TResponse>(
        Method<TRequest, TResponse> method, DuplexStreamingServerMethod<TRequest, TResponse>? handler)
    {
        var implementation = Find(
            method, typeof(IAsyncStreamReader<TRequest>), typeof(IServerStreamWriter<TResponse>), typeof(ServerCallContext));
        var call = implementation
            .CreateDelegate<Func<TService, IAsyncStreamReader<TRequest>, IServerStreamWriter<TResponse>, ServerCallContext, Task>>();
        var invoke = _interceptors.Wrap<TRequest, TResponse>(_activator.MustDispose
            ? async (requests, responses, context) =>
            {
                await using var service = _activator.CreateDisposable(context);
                await call(service.Target, requests, responses, context);
            }
        : (requests, responses, context) => call(_activator.Create(context), requests, responses, context));
        Map(method, implementation, new DuplexStreamingCallHandler<TRequest, TResponse>(method, options, logger, invoke));
    }

    private MethodInfo Find(IMethod method, params Type[] parameters) =>
        ServiceMethods.FindImplementation(typeof(TService), _generatedBase, method.Name, parameters);

    private void Map(IMethod method, MethodInfo implementation, ServerCallHandler handler)
    {
        _serviceNames.Add(method.ServiceName);
        var endpoint = routes.Map(method.FullName, handler.HandleAsync);
        endpoint.Add(builder =>
        {
            builder.DisplayName = $"gRPC - {method.FullName}";
            builder.Metadata.Add(new GrpcMethodMetadata(typeof(TService), method));

            // Authorization, rate limiting and CORS read these; the method's come last and so win over the class's.
            foreach (var attribute in typeof(TService).GetCustomAttributes(inherit: true))
            {
                builder.Metadata.Add(attribute);
            }

            foreach (var attribute in implementation.GetCustomAttributes(inherit: true))
            {
                builder.Metadata.Add(attribute);
            }

            builder.Metadata.Add(new HttpMethodMetadata(["POST"], acceptCorsPreflight: true));
        });
        _endpoints.Add(endpoint);
    }
}
