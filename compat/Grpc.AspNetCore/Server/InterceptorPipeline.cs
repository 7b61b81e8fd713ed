using Grpc.Core;
using Grpc.Core.Interceptors;

namespace Grpc.AspNetCore.Server;

// Puts a service's interceptors around a method, once at startup. The first is the outermost.
internal sealed class InterceptorPipeline(IServiceProvider root, IReadOnlyList<InterceptorRegistration> registrations)
{
    private readonly ServiceActivator<Interceptor>[] _innermostFirst =
        [.. registrations.Reverse().Select(registration => new ServiceActivator<Interceptor>(root, registration.Type, [.. registration.Arguments]))];

    public UnaryServerMethod<TRequest, TResponse> Wrap<TRequest, TResponse>(UnaryServerMethod<TRequest, TResponse> method)
        where TRequest : class
        where TResponse : class => _innermostFirst.Aggregate(method, static (next, activator) => activator.MustDispose
            ? async (request, context) =>
            {
                await using var interceptor = activator.CreateDisposable(context);
                return await interceptor.Target.UnaryServerHandler(request, context, next);
            }
        : (request, context) => activator.Create(context).UnaryServerHandler(request, context, next));

    public ClientStreamingServerMethod<TRequest, TResponse> Wrap<TRequest, TResponse>(ClientStreamingServerMethod<TRequest, TResponse> method)
        where TRequest : class
        where TResponse : class => _innermostFirst.Aggregate(method, static (next, activator) => activator.MustDispose
            ? async (requests, context) =>
            {
                await using var interceptor = activator.CreateDisposable(context);
                return await interceptor.Target.ClientStreamingServerHandler(requests, context, next);
            }
        : (requests, context) => activator.Create(context).ClientStreamingServerHandler(requests, context, next));

    public ServerStreamingServerMethod<TRequest, TResponse> Wrap<TRequest, TResponse>(ServerStreamingServerMethod<TRequest, TResponse> method)
        where TRequest : class
        where TResponse : class => _innermostFirst.Aggregate(method, static (next, activator) => activator.MustDispose
            ? async (request, responses, context) =>
            {
                await using var interceptor = activator.CreateDisposable(context);
                await interceptor.Target.ServerStreamingServerHandler(request, responses, context, next);
            }
        : (request, responses, context) => activator.Create(context).ServerStreamingServerHandler(request, responses, context, next));

    public DuplexStreamingServerMethod<TRequest, TResponse> Wrap<TRequest, TResponse>(DuplexStreamingServerMethod<TRequest, TResponse> method)
        where TRequest : class
        where TResponse : class => _innermostFirst.Aggregate(method, static (next, activator) => activator.MustDispose
            ? async (requests, responses, context) =>
            {
                await using var interceptor = activator.CreateDisposable(context);
                await interceptor.Target.DuplexStreamingServerHandler(requests, responses, context, next);
            }
        : (requests, responses, context) => activator.Create(context).DuplexStreamingServerHandler(requests, responses, context, next));
}
