using LlmGateway.Protos.Routing.V1;
using LlmGateway.Routing.Dialects;

namespace LlmGateway.Routing.Calls;

/// <summary>A call of the gateway's words.</summary>
internal static class CallReader
{
    public static (Call? Call, CallFault? Fault) Read(CompleteRequest request, TimeProvider time)
    {
        var read = ClientRequests.Read(request.Dialect, request.Body.Memory);
        if (read.Prompt is not { } prompt)
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
            // Vectors come whole.
            Stream = request.Stream && prompt is not EmbeddingRequest,
            IncludeUsage = request.IncludeUsage,
            Request = prompt,
            Client = new ClientBody(request.Dialect, request.Body.Memory) { NativeOnly = read.NativeOnly, Betas = request.Betas },
            ClientRetries = Math.Max(0, request.ClientRetries),
            StartedAt = time.GetUtcNow(),
            StartedTimestamp = time.GetTimestamp(),
        }, null);
    }
}
