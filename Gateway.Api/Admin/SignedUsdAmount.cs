using System.Buffers;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace LlmGateway.Gateway.Admin;

/// <summary>As <see cref="UsdAmount"/>, and it may be less than zero: what an account gains or loses.</summary>
[JsonConverter(typeof(SignedUsdAmountField))]
internal readonly record struct SignedUsdAmount(long NanoUsd);

internal sealed class SignedUsdAmountField : JsonConverter<SignedUsdAmount>
{
    private const string Must = "a number of USD like 12.5, with at most 9 decimal places and no exponent";

    public override SignedUsdAmount Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
    {
        if (reader.TokenType != JsonTokenType.Number)
        {
            throw new FieldException(Must);
        }

        ReadOnlySpan<byte> digits = reader.HasValueSequence ? reader.ValueSequence.ToArray() : reader.ValueSpan;
        var isNegative = digits[0] == (byte)'-';
        return Usd.TryParseNano(isNegative ? digits[1..] : digits, out var nano) ? new(isNegative ? -nano : nano) : throw new FieldException(Must);
    }

    public override void Write(Utf8JsonWriter writer, SignedUsdAmount value, JsonSerializerOptions options) =>
        writer.WriteNumberValue(Usd.FromNano(value.NanoUsd));
}
