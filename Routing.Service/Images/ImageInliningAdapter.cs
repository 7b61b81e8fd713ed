using LlmGateway.Protos.Routing.V1;
using LlmGateway.Routing.Calls;
using LlmGateway.Routing.Dialects;
using LlmGateway.Routing.Providers;

namespace LlmGateway.Routing.Images;

/// <summary>An adapter whose requests have their images in them, where the provider does not fetch them itself and the operator lets us.</summary>
internal sealed class ImageInliningAdapter(IProviderAdapter adapter, InlineImages images) : IProviderAdapter
{
    public string Name => adapter.Name;

    public bool Speaks(Dialect dialect) => adapter.Speaks(dialect);

    public async Task<ProviderReply> SendAsync(HeldCall held, ProviderRequest request, CancellationToken cancellationToken)
    {
        if (request.Prompt is not ChatRequest asked)
        {
            return await adapter.SendAsync(held, request, cancellationToken);
        }

        var (chat, fault) = await images.ApplyAsync(asked, request.Deployment, cancellationToken);
        return chat is null ? new ProviderReply(null, fault, 0) : await adapter.SendAsync(held, request with { Prompt = chat }, cancellationToken);
    }
}
