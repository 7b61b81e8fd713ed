using System.Text.Json;
using System.Text.Json.Serialization;
using Google.Protobuf.Collections;
using LlmGateway.Protos.Billing.V1;

namespace LlmGateway.Billing.Grpc;

/// <summary>
/// Where a call could have gone, as it is stored: <code>[{"deployment":"openai-1"},{"deployment":"azure-1","ruled_out":"rate_limited"}]</code>
/// </summary>
internal static class ConsideredJson
{
    private const int Most = 100;

    /// <returns>Null where it is not told.</returns>
    public static string? Write(RepeatedField<Considered> considered)
    {
        Fields.InRange("considered", considered.Count, 0, Most);
        return considered.Count == 0 ? null : JsonSerializer.Serialize(
            considered.Select((one, index) => Checked(one, $"considered[{index}]")).ToArray(), StoredConsideredJson.Default.StoredConsideredArray);
    }

    /// <param name="stored">Null for none.</param>
    public static IEnumerable<Considered> Read(string? stored) =>
        (stored is null ? [] : JsonSerializer.Deserialize(stored, StoredConsideredJson.Default.StoredConsideredArray)!)
            .Select(one => new Considered { Deployment = one.Deployment, RuledOut = one.RuledOut ?? "" });

    private static StoredConsidered Checked(Considered one, string field) => new(
        Fields.Name($"{field}.deployment", one.Deployment),
        one.RuledOut.Length > 0 ? Fields.Name($"{field}.ruled_out", one.RuledOut) : null);
}

internal sealed record StoredConsidered(
    string Deployment, [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? RuledOut);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
[JsonSerializable(typeof(StoredConsidered[]))]
internal sealed partial class StoredConsideredJson : JsonSerializerContext;
