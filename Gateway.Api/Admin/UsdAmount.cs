using System.Buffers;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace LlmGateway.Gateway.Admin;

/// <summary>An amount as JSON has it, a decimal number of at most 9 places; kept as the integer that it is exactly.</summary>
[JsonConverter(typeof(UsdAmountField))]
internal readonly record struct UsdAmount(long NanoUsd);

internal sealed class UsdAmountField : JsonConverter<UsdAmount>
{
    private const string Must = "a number of USD from 0 to 9223372036.854775807, with at most 9 decimal places and no exponent";

    public override UsdAmount Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
    {
        if (reader.TokenType != JsonTokenType.Number)
        {
            throw new FieldException(Must);
        }

        var digits = reader.HasValueSequence ? reader.ValueSequence.ToArray() : reader.ValueSpan;
        return Usd.TryParseNano(digits, out var nano) ? new(nano) : throw new FieldException(Must);
    }

    public override void Write(Utf8JsonWriter writer, UsdAmount value, JsonSerializerOptions options) =>
        writer.WriteNumberValue(Usd.FromNano(value.NanoUsd));
}
