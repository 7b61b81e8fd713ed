using LlmGateway.Protos.Routing.V1;
using LlmGateway.Routing.Calls;
using LlmGateway.Routing.Catalog;
using LlmGateway.Routing.Dialects;

namespace LlmGateway.Routing.Providers;

/// <summary>
/// Speaks one provider's wire. To add a provider: a folder here with XAdapter (the call), XWire (bodies) and XErrors (refusals); its
/// name in <see cref="ProviderName"/>, its deployments in <see cref="CatalogBuilder"/>, the adapter in <see cref="ProviderRegistration"/>.
/// </summary>
internal interface IProviderAdapter
{
    /// <summary>As <see cref="Deployment.Adapter"/> has it.</summary>
    string Name { get; }

    /// <summary>Whether a client's request in this dialect goes to the provider as it is, and not by way of OpenAI's chat.</summary>
    bool Speaks(Dialect dialect) => dialect == Dialect.OpenaiChat;

    /// <summary>
    /// Sends a call and returns when the provider's headers are in. What the provider refuses is a fault in the reply; what breaks on
    /// the way there is the exception that the transport threw.
    /// </summary>
    /// <param name="held">The hold that covers this call.</param>
    /// <param name="request">What to send.</param>
    /// <param name="cancellationToken">Cancelled by the timers and by a client that leaves.</param>
    Task<ProviderReply> SendAsync(HeldCall held, ProviderRequest request, CancellationToken cancellationToken);
}

/// <param name="Deployment">Where to.</param>
/// <param name="Prompt">The client's request.</param>
/// <param name="Stream">The form of the answer.</param>
/// <param name="MaxTokens">The output's maximum, when the client set none.</param>
/// <param name="Written">To be called when the provider has the whole request, and so may bill it.</param>
internal sealed record ProviderRequest(Deployment Deployment, PromptRequest Prompt, bool Stream, long? MaxTokens, Action Written)
{
    /// <summary>The request in OpenAI's chat form, whatever its own was.</summary>
    public ChatRequest Chat => Prompt.Chat;

    /// <summary>The client's own request, for a provider that speaks the client's dialect.</summary>
    public required ClientBody Client { get; init; }

    /// <summary>The chat form is sent also to a provider that speaks the client's dialect.</summary>
    public bool InChatForm { get; init; }

    /// <summary>Whether the client's own bytes are what a provider of this dialect gets.</summary>
    public bool Passes(Dialect dialect) => !InChatForm && Client.Dialect == dialect;
}

/// <summary>Either an answer whose body is still to be read, or a fault.</summary>
/// <param name="Body">SSE, or one JSON. Disposing it ends the provider's work.</param>
internal sealed record ProviderReply(Stream? Body, CallFault? Fault, int Status)
{
    /// <summary>The body's dialect: OpenAI's chat, or the client's own if the bytes are to pass through.</summary>
    public Dialect Wire { get; init; } = Dialect.OpenaiChat;

    /// <summary>Makes <see cref="Wire"/> of the body; null where the body is in it already.</summary>
    public IAnswerTranslator? Translator { get; init; }

    /// <summary>The provider cannot do what a field asks for, and was not called: another deployment may.</summary>
    /// <param name="deployment">Whose provider.</param>
    /// <param name="param">The field, in the client's words.</param>
    public static ProviderReply Unsupported(Deployment deployment, string param) => new(
        null,
        new CallFault(CallFailure.InvalidRequest, $"{deployment.Provider}/{deployment.UpstreamModel} does not support '{param}'.")
        {
            Param = param,
            Code = "unsupported_parameter",
        },
        0);

    /// <summary>A field has text that is none, which no writer can read, and the provider was not called.</summary>
    /// <param name="param">The field, in the client's words.</param>
    public static ProviderReply NotText(string param) => new(
        null, new CallFault(CallFailure.InvalidRequest, $"{param} has text that is not valid Unicode.") { Param = param, Code = "invalid_value" }, 0);
}
