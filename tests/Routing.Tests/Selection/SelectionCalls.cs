using System.Text;
using LlmGateway.Protos.Routing.V1;
using LlmGateway.Routing.Calls;
using LlmGateway.Routing.Dialects;

namespace LlmGateway.Routing.Tests.Selection;

/// <summary>Calls as the selector sees them.</summary>
internal static class SelectionCalls
{
    public static Call Of(string body)
    {
        var bytes = Encoding.UTF8.GetBytes(body);
        return new Call
        {
            RequestId = "req_",
            AccountId = "a",
            KeyId = "k",
            Model = "m",
            Stream = true,
            IncludeUsage = false,
            Request = ChatRequest.Read(bytes, out _, out _)!,
            Client = new ClientBody(Dialect.OpenaiChat, bytes),
            StartedAt = DateTimeOffset.UnixEpoch,
            StartedTimestamp = 0,
        };
    }
}
