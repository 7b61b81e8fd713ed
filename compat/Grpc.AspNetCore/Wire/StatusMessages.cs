using System.Buffers;
using System.Globalization;
using System.Text;

namespace Grpc.Wire;

// grpc-message is UTF-8, percent-encoded: "n%C3%A9 100%25 %0A". Unreserved are %x20-24 and %x26-7E.
internal static class StatusMessages
{
    private const string Hex = "0123456789ABCDEF";

    private static readonly SearchValues<char> Unreserved =
        SearchValues.Create([.. Enumerable.Range(0x20, 0x5F).Select(number => (char)number).Where(character => character != '%')]);

    public static string Encode(string message)
    {
        if (!message.AsSpan().ContainsAnyExcept(Unreserved))
        {
            return message;
        }

        // A lone surrogate becomes U+FFFD here.
        var bytes = Encoding.UTF8.GetBytes(message);
        var encoded = new StringBuilder(bytes.Length + 16);
        foreach (var value in bytes)
        {
            if (Unreserved.Contains((char)value))
            {
                encoded.Append((char)value);
            }
            else
            {
                encoded.Append('%').Append(Hex[value >> 4]).Append(Hex[value & 0xF]);
            }
        }

        return encoded.ToString();
    }

    // Never fails: an escape that is none stays as it is.
    public static string Decode(string message)
    {
        if (!message.Contains('%', StringComparison.Ordinal) && Ascii.IsValid(message))
        {
            return message;
        }

        var bytes = new byte[Encoding.UTF8.GetMaxByteCount(message.Length)];
        var count = 0;
        for (var i = 0; i < message.Length; i++)
        {
            var character = message[i];
            if (character == '%' && i + 2 < message.Length &&
                byte.TryParse(message.AsSpan(i + 1, 2), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var value))
            {
                bytes[count++] = value;
                i += 2;
            }
            else if (character <= 0xFF)
            {
                // Header bytes beyond ASCII arrive as Latin-1 characters: back to the bytes, which are UTF-8 if anything.
                bytes[count++] = (byte)character;
            }
            else
            {
                count += Encoding.UTF8.GetBytes([character], bytes.AsSpan(count));
            }
        }

        return Encoding.UTF8.GetString(bytes, 0, count);
    }
}
