using System.Buffers;
using System.Buffers.Text;
using System.Text.Json;

namespace LlmGateway.Routing.Dialects;

internal static class JsonText
{
    /// <summary>Writes a string as a member of another JSON.</summary>
    /// <param name="name">Of the member.</param>
    /// <param name="value">At the string; anything else is written as an empty one.</param>
    /// <param name="json">Where to.</param>
    /// <exception cref="InvalidOperationException">It has half of a surrogate pair.</exception>
    public static void Copy(ReadOnlySpan<byte> name, ref Utf8JsonReader value, Utf8JsonWriter json)
    {
        if (value.TokenType != JsonTokenType.String)
        {
            json.WriteString(name, ""u8);
        }
        else if (!value.ValueIsEscaped)
        {
            json.WriteString(name, value.ValueSpan);
        }
        else
        {
            var text = ArrayPool<byte>.Shared.Rent(value.ValueSpan.Length);
            try
            {
                json.WriteString(name, text.AsSpan(0, value.CopyString(text)));
            }
            finally
            {
                ArrayPool<byte>.Shared.Return(text);
            }
        }
    }

    /// <summary>
    /// UTF-8 bytes of an escaped JSON string's text, without decoding it: \n is 1, \u00e9 is 2, a surrogate pair is 4. Clients that escape all
    /// but ASCII would otherwise be held three times the money. Lone surrogates, on which a decoder throws, are counted too.
    /// </summary>
    public static long Utf8Length(ReadOnlySpan<byte> escaped)
    {
        long length = 0;
        while (true)
        {
            var plain = escaped.IndexOf((byte)'\\');
            if (plain < 0 || plain + 1 >= escaped.Length)
            {
                return length + escaped.Length;
            }

            length += plain;
            escaped = escaped[plain..];
            if (escaped[1] != (byte)'u')
            {
                length++;
                escaped = escaped[2..];
                continue;
            }

            length += Utf8Parser.TryParse(escaped[2..6], out ushort unit, out _, 'X') ? Utf8Length(unit) : 3;
            escaped = escaped[6..];
        }
    }

    private static int Utf8Length(ushort unit) => unit switch
    {
        < 0x80 => 1,
        < 0x800 => 2,
        _ when char.IsSurrogate((char)unit) => 2,
        _ => 3,
    };
}
