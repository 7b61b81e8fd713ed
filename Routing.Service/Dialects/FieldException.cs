using LlmGateway.Protos.Routing.V1;
using LlmGateway.Routing.Calls;
using LlmGateway.Routing.Catalog;

namespace LlmGateway.Routing.Dialects;

/// <summary>
/// A value of the client's request that cannot be turned into another wire. Thrown deep inside a body that is being written, and caught where
/// the writing began: nothing was sent yet.
/// </summary>
/// <param name="field">As a path: "messages[0].content".</param>
/// <param name="must">What it must be; null when it is right, and the provider cannot do it.</param>
internal sealed class FieldException(string field, string? must) : Exception($"{field}: {must ?? "not supported"}.")
{
    public string Field { get; } = field;

    public string? Must => must;

    public CallFault ToFault(Deployment deployment) => must is null
        ? Providers.ProviderReply.Unsupported(deployment, Field).Fault!
        : new CallFault(CallFailure.InvalidRequest, $"'{Field}' must be {must}.") { Param = Field };
}
