using LlmGateway.Routing.Catalog;

namespace LlmGateway.Routing.Selection;

/// <summary>
/// The one with the most of its rpm and tpm left goes first, by its weight; where some candidate has no limits, the one with the fewest tokens in
/// the last minute. A weight of 0 comes last.
/// </summary>
internal sealed class UsagePolicy(WeightedShufflePolicy shuffle, Traffic traffic, Func<Deployment, double> weight) : ISelectionPolicy
{
    public string Name => "usage-based-routing";

    public bool YieldsToAffinity => true;

    public void Order(Span<Deployment> candidates, CallShape call)
    {
        shuffle.Order(candidates, call);
        var limited = true;
        foreach (var candidate in candidates)
        {
            limited &= candidate.RequestsPerMinute is not null || candidate.TokensPerMinute is not null;
        }

        var used = new (double Used, int Place)[candidates.Length];
        for (var index = 0; index < candidates.Length; index++)
        {
            // With this call, so that one that is new or recovers gets what its weight is then, and not everything.
            var (requests, tokens) = traffic.Of(candidates[index]).LastMinute;
            var after = (Requests: requests + 1, Tokens: tokens + Math.Max(call.PromptTokens, 1));
            var load = limited ? Used(candidates[index], after) : after.Tokens;
            used[index] = (weight(candidates[index]) is > 0 and var share ? load / share : double.MaxValue, index);
        }

        used.AsSpan().Sort(candidates);
    }

    private static double Used(Deployment deployment, (long Requests, long Tokens) used) => Math.Max(
        deployment.RequestsPerMinute is { } rpm ? (double)used.Requests / rpm : 0, deployment.TokensPerMinute is { } tpm ? (double)used.Tokens / tpm : 0);
}
