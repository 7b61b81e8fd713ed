using LlmGateway.Protos.Routing.V1;
using LlmGateway.Routing.Calls;
using LlmGateway.Routing.Catalog;

namespace LlmGateway.Routing.Providers.Gemini;

internal sealed class GeminiAdapter : IProviderAdapter
{
    public string Name => ProviderName.Gemini;

    public Task<ProviderReply> SendAsync(HeldCall held, ProviderRequest request, CancellationToken cancellationToken) =>
        Task.FromResult(new ProviderReply(null, new CallFault(CallFailure.NoAvailableProvider, "Gemini is not spoken yet."), 0));
}
