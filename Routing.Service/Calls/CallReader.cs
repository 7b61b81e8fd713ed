using LlmGateway.Protos.Routing.V1;
using LlmGateway.Routing.Dialects;

namespace LlmGateway.Routing.Calls;

/// <summary>A call of the gateway's words.</summary>
internal static class CallReader
{
    public static (Call? Call, CallFault? Fault) Read(CompleteRequest request, TimeProvider time)
    {
        var read = ClientRequests.Read(request.Dialect, request.Body.Memory);
        if (read.Chat is not { } chat)
        {
            return (null, read.Fault);
        }

        return (new Call
        {
            RequestId = request.RequestId,
            AccountId = request.AccountId,
            KeyId = request.KeyId,
            Limits = request.Limits,
            Model = request.Model,
            Stream = request.Stream,
            IncludeUsage = request.IncludeUsage,
            Request = chat,
            Client = new ClientBody(request.Dialect, request.Body.Memory) { NativeOnly = read.NativeOnly, Betas = request.Betas },
            ClientRetries = Math.Max(0, request.ClientRetries),
            StartedAt = time.GetUtcNow(),
            StartedTimestamp = time.GetTimestamp(),
        }, null);
    }
}
