using LlmGateway.Protos.Routing.V1;
using LlmGateway.Routing.Calls;
using LlmGateway.Routing.Catalog;

namespace LlmGateway.Routing.Providers.Anthropic;

internal sealed class AnthropicAdapter : IProviderAdapter
{
    public string Name => ProviderName.Anthropic;

    public Task<ProviderReply> SendAsync(HeldCall held, ProviderRequest request, CancellationToken cancellationToken) =>
        Task.FromResult(new ProviderReply(null, new CallFault(CallFailure.NoAvailableProvider, "Anthropic is not spoken yet."), 0));
}
