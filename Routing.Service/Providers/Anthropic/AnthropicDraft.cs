using System.Text.Json;
using LlmGateway.Protos.Routing.V1;
using LlmGateway.Routing.Calls;
using LlmGateway.Routing.Catalog;

namespace LlmGateway.Routing.Providers.Anthropic;

/// <summary>
/// A Messages body being written, and the first reason why it cannot be sent: writing goes on, so that no part has to look after the
/// others, and what was written is thrown away.
/// </summary>
internal sealed class AnthropicDraft(Utf8JsonWriter json, Deployment deployment)
{
    public Utf8JsonWriter Json => json;

    public AnthropicModel Model { get; } = AnthropicModel.Of(deployment.UpstreamModel);

    /// <summary>An assistant's turn at the end is gone on with: of models that do, and of those of which the catalogue says so.</summary>
    public bool TakesPrefill => Model.TakesPrefill || deployment.Prefill;

    public CallFault? Fault { get; private set; }

    /// <summary>What the system prompt must say besides, because no field can.</summary>
    public List<string> Instructions { get; } = [];

    /// <summary>The client's request is wrong, wherever it goes.</summary>
    /// <param name="param">The field: "messages[2].content[0].type".</param>
    /// <param name="problem">What is wrong: "must be a string".</param>
    public void Invalid(string param, string problem) => Fault ??= new CallFault(CallFailure.InvalidRequest, $"{param} {problem}.")
    {
        Param = param,
        Code = "invalid_value",
    };

    /// <summary>Anthropic cannot do what a field asks for, and the answer would not be what the client takes it for.</summary>
    public void Unsupported(string param) => Fault ??= ProviderReply.Unsupported(deployment, param).Fault;

    /// <summary>The same for a field without which there is an answer too: left out where the operator wants it so.</summary>
    public void UnsupportedOrDropped(string param)
    {
        if (!deployment.DropParams)
        {
            Unsupported(param);
        }
    }
}
