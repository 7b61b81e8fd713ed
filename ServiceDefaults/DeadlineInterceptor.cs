using Grpc.Core;
using Grpc.Core.Interceptors;

namespace LlmGateway.ServiceDefaults;

/// <summary>Gives a deadline to every unary call that has none. A stream lasts as long as its answer; its caller decides.</summary>
internal sealed class DeadlineInterceptor(GrpcServiceClientOptions options, TimeProvider time) : Interceptor
{
    public override AsyncUnaryCall<TResponse> AsyncUnaryCall<TRequest, TResponse>(
        TRequest request, ClientInterceptorContext<TRequest, TResponse> context, AsyncUnaryCallContinuation<TRequest, TResponse> continuation) =>
        continuation(request, WithDeadline(context));

    public override TResponse BlockingUnaryCall<TRequest, TResponse>(
        TRequest request, ClientInterceptorContext<TRequest, TResponse> context, BlockingUnaryCallContinuation<TRequest, TResponse> continuation) =>
        continuation(request, WithDeadline(context));

    private ClientInterceptorContext<TRequest, TResponse> WithDeadline<TRequest, TResponse>(ClientInterceptorContext<TRequest, TResponse> context)
        where TRequest : class
        where TResponse : class
    {
        if (context.Options.Deadline is not null)
        {
            return context;
        }

        var allowed = options.MethodDeadlines.GetValueOrDefault(context.Method.Name, options.Deadline);
        return new(context.Method, context.Host, context.Options.WithDeadline(time.GetUtcNow().UtcDateTime + allowed));
    }
}
