using System.Text.Json;
using System.Text.Json.Serialization;
using LlmGateway.Billing.Pricing;

namespace LlmGateway.Billing.Ledger;

/// <summary>What a call may reach and at which prices: an element of what its hold keeps.</summary>
internal sealed record PricedCandidate(string Provider, string Model, long PriceVersion);

/// <summary><code>[{"provider":"openai","model":"gpt-4o","price_version":7}]</code></summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
[JsonSerializable(typeof(PricedCandidate[]))]
internal sealed partial class CandidatesJson : JsonSerializerContext
{
    public static string Write(IReadOnlyList<PricedModel> candidates, PriceBook book) => JsonSerializer.Serialize(
        [.. candidates.Select(candidate => new PricedCandidate(candidate.Provider, candidate.Model, book.Versions[candidate]))],
        Default.PricedCandidateArray);
}
