using LlmGateway.Routing.Calls;
using LlmGateway.Routing.Catalog;

namespace LlmGateway.Routing.Selection;

/// <summary>The candidates of one call, in the order in which they are tried.</summary>
internal sealed class RouteSelector(SelectionPolicies policies)
{
    /// <summary>Whether a call goes where its conversation was before, and not where the strategy says.</summary>
    public bool IsByConversation(CatalogSnapshot snapshot, CatalogModel model, CallShape shape) =>
        shape.Conversation is not null && snapshot.Router.PrefixAffinity && policies[model.Strategy ?? snapshot.Router.Strategy].YieldsToAffinity;

    /// <param name="snapshot">The catalogue of this moment.</param>
    /// <param name="model">What is asked for.</param>
    /// <param name="call">Who asks.</param>
    public IReadOnlyList<Deployment> Candidates(CatalogSnapshot snapshot, CatalogModel model, Call call)
    {
        if (model.Deployments.Count == 1)
        {
            return model.Deployments;
        }

        var candidates = model.Deployments.ToArray();
        var policy = policies[model.Strategy ?? snapshot.Router.Strategy];
        var shape = CallShape.Of(call.Request, call.Stream);
        if (Array.TrueForAll(candidates, candidate => candidate.Order == candidates[0].Order))
        {
            Order(candidates);
            return candidates;
        }

        // The sort keeps the file's order among equals.
        candidates = [.. candidates.OrderBy(candidate => candidate.Order)];
        for (var start = 0; start < candidates.Length;)
        {
            var end = Array.FindIndex(candidates, start, candidate => candidate.Order != candidates[start].Order) is >= 0 and var next ? next : candidates.Length;
            Order(candidates.AsSpan(start..end));
            start = end;
        }

        return candidates;

        void Order(Span<Deployment> group)
        {
            if (shape.Conversation is { } conversation && IsByConversation(snapshot, model, shape))
            {
                policies.Affinity.Order(group, conversation);
            }
            else
            {
                policy.Order(group, shape);
            }
        }
    }
}
