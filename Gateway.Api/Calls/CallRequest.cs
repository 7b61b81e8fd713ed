using LlmGateway.Gateway.Authentication;
using LlmGateway.Gateway.OpenAi;
using LlmGateway.Protos.Routing.V1;

namespace LlmGateway.Gateway.Calls;

/// <summary>A call that passed every check: what Routing is asked for.</summary>
/// <param name="Body">The client's bytes, as they came.</param>
/// <param name="Model">As the client wrote it, or the default's name; empty leaves the choice of the default to Routing.</param>
internal sealed record CallRequest(
    Caller Caller, Dialect Dialect, RequestBody Body, string Model, bool Stream, long? MaxOutputTokens, bool IncludeUsage)
{
    /// <summary>The names in the client's anthropic-beta header.</summary>
    public IReadOnlyList<string> Betas { get; init; } = [];
}
