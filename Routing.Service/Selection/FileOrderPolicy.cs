using LlmGateway.Routing.Catalog;

namespace LlmGateway.Routing.Selection;

/// <summary>The order of the catalogue file: the first deployment, and the others only when it fails.</summary>
internal sealed class FileOrderPolicy : ISelectionPolicy
{
    public string Name => "file-order";

    public bool YieldsToAffinity => false;

    public void Order(Span<Deployment> candidates, CallShape call)
    {
    }
}
