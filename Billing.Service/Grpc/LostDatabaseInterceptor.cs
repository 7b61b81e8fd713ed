using Grpc.Core;
using Grpc.Core.Interceptors;
using LlmGateway.Billing.Ledger;
using LlmGateway.ServiceDefaults;

namespace LlmGateway.Billing.Grpc;

/// <summary>
/// While the database is lost, every call is refused at once instead of finding out by its own deadline, and its client told not to
/// repeat it: pauses between repetitions would make the refusal late. Lines of shared statements are refused by their combiner, which
/// counts them.
/// </summary>
internal sealed class LostDatabaseInterceptor(DatabaseWatch watch) : Interceptor
{
    public override Task<TResponse> UnaryServerHandler<TRequest, TResponse>(
        TRequest request, ServerCallContext context, UnaryServerMethod<TRequest, TResponse> continuation)
    {
        if (watch.IsLost)
        {
            RetryPushback.NotAgain(context);
            if (!Enum.TryParse<StatementKind>(context.Method[(context.Method.LastIndexOf('/') + 1)..], out _))
            {
                throw new RpcException(new Status(StatusCode.Unavailable, "The database does not answer."));
            }
        }

        return continuation(request, context);
    }
}
