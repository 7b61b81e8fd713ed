using Grpc.Core;
using Grpc.Core.Interceptors;
using LlmGateway.Billing.Ledger;

namespace LlmGateway.Billing.Grpc;

/// <summary>
/// While the database is lost, every call is refused at once instead of finding out by its own deadline. Lines of shared statements are
/// refused by their combiner, which counts them.
/// </summary>
internal sealed class LostDatabaseInterceptor(DatabaseWatch watch) : Interceptor
{
    public override Task<TResponse> UnaryServerHandler<TRequest, TResponse>(
        TRequest request, ServerCallContext context, UnaryServerMethod<TRequest, TResponse> continuation) =>
        watch.IsLost && !Enum.TryParse<StatementKind>(context.Method[(context.Method.LastIndexOf('/') + 1)..], out _)
            ? throw new RpcException(new Status(StatusCode.Unavailable, "The database does not answer."))
            : continuation(request, context);
}
