using LlmGateway.Routing.Catalog;

namespace LlmGateway.Routing.Selection;

/// <summary>The candidates of one call, in the order in which they are tried.</summary>
internal sealed class RouteSelector(SelectionPolicies policies)
{
    public IReadOnlyList<Deployment> Candidates(CatalogSnapshot snapshot, CatalogModel model)
    {
        if (model.Deployments.Count == 1)
        {
            return model.Deployments;
        }

        var candidates = model.Deployments.ToArray();
        policies[snapshot.Strategy].Order(candidates);
        return candidates;
    }
}
