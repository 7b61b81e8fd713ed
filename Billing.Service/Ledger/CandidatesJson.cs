using System.Text.Json;
using System.Text.Json.Serialization;
using LlmGateway.Billing.Pricing;

namespace LlmGateway.Billing.Ledger;

/// <summary>What a call may reach, as its hold keeps it: <code>[{"provider":"openai","model":"gpt-4o"}]</code></summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
[JsonSerializable(typeof(IReadOnlyList<PricedModel>))]
internal sealed partial class CandidatesJson : JsonSerializerContext
{
    public static string Write(IReadOnlyList<PricedModel> candidates) =>
        JsonSerializer.Serialize(candidates, Default.IReadOnlyListPricedModel);
}
