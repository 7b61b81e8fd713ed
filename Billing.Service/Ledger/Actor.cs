using System.Text.Json;
using System.Text.Json.Serialization;

namespace LlmGateway.Billing.Ledger;

/// <summary>Who asked for a change: the account and the key, masked, and the HTTP request. What is not known is null.</summary>
internal sealed record Actor(string AccountId, string? KeyId, string? MaskedKey, string? RequestId)
{
    public string ToJson() => JsonSerializer.Serialize(this, ActorJson.Default.Actor);

    public static Actor FromJson(string json) => JsonSerializer.Deserialize(json, ActorJson.Default.Actor)!;
}

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(Actor))]
internal sealed partial class ActorJson : JsonSerializerContext;
