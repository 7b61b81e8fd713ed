using System.Globalization;
using System.Text;
using System.Text.Json;
using Google.Protobuf;

namespace LlmGateway.Gateway.Caching;

/// <summary>The cost in an answer's usage, in every dialect: <c>usage.cost</c>, <c>message.usage.cost</c>, <c>response.usage.cost</c>.</summary>
internal static class UsageCost
{
    private const int DeepestUsage = 2;

    /// <returns>The same bytes where no cost is in them.</returns>
    public static ByteString Replace(ByteString json, long costNanoUsd)
    {
        if (json.Span.IndexOf("\"cost\""u8) < 0 || Find(json.Span) is not { } number)
        {
            return json;
        }

        var cost = Encoding.UTF8.GetBytes((costNanoUsd / 1_000_000_000m).ToString("0.#########", CultureInfo.InvariantCulture));
        var (start, end) = (number.Start.Value, number.End.Value);
        var bytes = new byte[start + cost.Length + (json.Length - end)];
        json.Span[..start].CopyTo(bytes);
        cost.CopyTo(bytes.AsSpan(start));
        json.Span[end..].CopyTo(bytes.AsSpan(start + cost.Length));
        return UnsafeByteOperations.UnsafeWrap(bytes);
    }

    private static Range? Find(ReadOnlySpan<byte> json)
    {
        var reader = new Utf8JsonReader(json);
        var usage = -1;
        while (reader.Read())
        {
            if (reader.TokenType != JsonTokenType.PropertyName)
            {
                usage = reader.TokenType == JsonTokenType.EndObject && reader.CurrentDepth < usage ? -1 : usage;
            }
            else if (reader.CurrentDepth <= DeepestUsage && reader.ValueTextEquals("usage"u8))
            {
                usage = reader.Read() && reader.TokenType == JsonTokenType.StartObject ? reader.CurrentDepth + 1 : -1;
            }
            else if (reader.CurrentDepth == usage && reader.ValueTextEquals("cost"u8) && reader.Read() && reader.TokenType == JsonTokenType.Number)
            {
                return (int)reader.TokenStartIndex..(int)reader.BytesConsumed;
            }
        }

        return null;
    }
}
