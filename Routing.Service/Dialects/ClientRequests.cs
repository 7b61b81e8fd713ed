using Grpc.Core;
using LlmGateway.Protos.Routing.V1;
using LlmGateway.Routing.Calls;
using LlmGateway.Routing.Dialects.Messages;
using LlmGateway.Routing.Dialects.Responses;

namespace LlmGateway.Routing.Dialects;

/// <summary>The client's body, read by the API that it was written for.</summary>
internal static class ClientRequests
{
    /// <returns>The request, or the first fault of the body with its field.</returns>
    /// <exception cref="RpcException">A dialect that nobody speaks here.</exception>
    public static ClientRequest Read(Dialect dialect, ReadOnlyMemory<byte> body) => dialect switch
    {
        Dialect.OpenaiChat => Result(ChatRequest.Read(body, out var problem, out var param), problem, param),
        Dialect.OpenaiEmbeddings => Result(EmbeddingRequest.Read(body, out var problem, out var param), problem, param),
        Dialect.OpenaiCompletions => Result(CompletionRequest.Read(body, out var problem, out var param), problem, param),
        Dialect.AnthropicMessages => MessagesRequest.Read(body),
        Dialect.OpenaiResponses => ResponsesRequest.Read(body),
        _ => throw new RpcException(new Status(StatusCode.InvalidArgument, "dialect: not one that is spoken here.")),
    };

    private static ClientRequest Result(PromptRequest? request, string problem, string param) =>
        request is null ? ClientRequest.Invalid(problem, param) : new(request, null);
}

/// <summary>Either a request or a fault.</summary>
internal readonly record struct ClientRequest(PromptRequest? Prompt, CallFault? Fault)
{
    /// <summary>In OpenAI's chat form; null for a fault, and for what is no chat.</summary>
    public ChatRequest? Chat => Prompt as ChatRequest;

    /// <summary>
    /// The first field that has no counterpart in the chat form: only a provider that speaks the client's own dialect can take the
    /// request. Null without one.
    /// </summary>
    public string? NativeOnly { get; init; }

    public static implicit operator ClientRequest((ChatRequest? Chat, CallFault? Fault) read) => new(read.Chat, read.Fault);

    public static ClientRequest Invalid(string problem, string param) =>
        new(null, new CallFault(CallFailure.InvalidRequest, problem) { Param = param });
}
