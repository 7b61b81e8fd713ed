using Grpc.AspNetCore.Server;
using Grpc.Core;
using Grpc.Core.Interceptors;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Options;

namespace Grpc.AspNetCore.ClientFactory;

internal sealed class ContextPropagationInterceptor(
    string name,
    IHttpContextAccessor accessor,
    IOptionsMonitor<GrpcContextPropagationOptions> options) : OptionsInterceptor
{
    private readonly GrpcContextPropagationOptions _options = options.Get(name);

    protected override ClientInterceptorContext<TRequest, TResponse> Change<TRequest, TResponse>(
        ClientInterceptorContext<TRequest, TResponse> context) => new(context.Method, context.Host, Propagate(context.Options));

    private CallOptions Propagate(CallOptions call)
    {
        var server = accessor.HttpContext?.Features.Get<IServerCallContextFeature>()?.ServerCallContext;
        if (server is null)
        {
            return _options.SuppressContextNotFoundErrors ? call : throw new InvalidOperationException(
                "Unable to propagate server context values to the call. Can't find the current HttpContext or gRPC ServerCallContext.");
        }

        if (_options.PropagateDeadline && server.Deadline < (call.Deadline ?? DateTime.MaxValue))
        {
            call = call.WithDeadline(server.Deadline);
        }

        return _options.PropagateCancellation ? call.WithPropagatedToken(server.CancellationToken) : call;
    }
}
