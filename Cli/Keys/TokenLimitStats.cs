using System.Numerics;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace LlmGateway.Cli.Keys;

/// <summary>The token limits (over the whole life) that hold for the keys of a list.</summary>
/// <param name="Average">Of those that have one, rounded down; 0 when none has.</param>
internal sealed record TokenLimitStats(int Keys, int Limited, BigInteger Sum, BigInteger Average)
{
    private static readonly JsonSerializerOptions Readable = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public static TokenLimitStats Of(JsonElement list)
    {
        var keys = list.GetProperty("data");
        var limits = keys.EnumerateArray()
            .Select(key => key.GetProperty("effective_limits").GetProperty("total_tokens"))
            .Where(limit => limit.ValueKind == JsonValueKind.Number)
            .Select(limit => limit.GetInt64())
            .ToList();
        var sum = limits.Aggregate(BigInteger.Zero, (total, limit) => total + limit);
        return new(keys.GetArrayLength(), limits.Count, sum, limits.Count > 0 ? sum / limits.Count : 0);
    }

    public string AddTo(string list)
    {
        var node = JsonNode.Parse(list)!.AsObject();
        node["stats"] = JsonNode.Parse(
            $$"""{"keys":{{Keys}},"limited_keys":{{Limited}},"total_tokens_sum":{{Sum}},"total_tokens_average":{{Average}}}""");
        return node.ToJsonString(Readable);
    }
}
