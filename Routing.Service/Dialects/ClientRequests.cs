using Grpc.Core;
using LlmGateway.Protos.Routing.V1;
using LlmGateway.Routing.Calls;

namespace LlmGateway.Routing.Dialects;

/// <summary>The client's body in OpenAI's chat form, whichever of the APIs it was written for.</summary>
internal static class ClientRequests
{
    /// <exception cref="RpcException">A dialect that nobody speaks here.</exception>
    public static (ChatRequest? Chat, CallFault? Fault) Read(Dialect dialect, ReadOnlyMemory<byte> body) => dialect switch
    {
        Dialect.OpenaiChat => Chat(body),
        _ => throw new RpcException(new Status(StatusCode.InvalidArgument, "dialect: not one that is spoken here.")),
    };

    private static (ChatRequest? Chat, CallFault? Fault) Chat(ReadOnlyMemory<byte> body) =>
        ChatRequest.Read(body, out var problem, out var param) is { } chat
            ? (chat, null)
            : (null, new CallFault(CallFailure.InvalidRequest, problem) { Param = param });
}
