using System.Buffers.Text;

namespace LlmGateway.Routing.Dialects;

internal static class JsonText
{
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
