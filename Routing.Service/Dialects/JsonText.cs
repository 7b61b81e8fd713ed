using System.Buffers;
using System.Buffers.Text;
using System.Text;
using System.Text.Json;
using System.Text.Unicode;
using LlmGateway.Routing.Providers;

namespace LlmGateway.Routing.Dialects;

internal static class JsonText
{
    /// <summary>Whether a member has this name. One with half of a surrogate pair, on which ValueTextEquals throws, has none that we know.</summary>
    public static bool NameIs(ReadOnlySpan<byte> name, ref Utf8JsonReader reader)
    {
        try
        {
            return reader.ValueTextEquals(name);
        }
        catch (InvalidOperationException)
        {
            return false;
        }
    }

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

    /// <summary>Adds a string's text to a buffer. Half of a surrogate pair, which is no text, becomes the replacement character.</summary>
    /// <param name="buffer">Where to.</param>
    /// <param name="value">At the string; anything else adds nothing.</param>
    /// <returns>What was added.</returns>
    public static ReadOnlySpan<byte> Append(this PooledBuffer buffer, ref Utf8JsonReader value)
    {
        if (value.TokenType != JsonTokenType.String)
        {
            return default;
        }

        var start = buffer.WrittenMemory.Length;
        try
        {
            buffer.Advance(value.CopyString(buffer.GetSpan(value.ValueSpan.Length)));
        }
        catch (InvalidOperationException)
        {
            var whole = (byte[])[(byte)'"', .. value.ValueSpan, (byte)'"'];
            ReplaceLoneSurrogates(whole);
            var repaired = new Utf8JsonReader(whole);
            repaired.Read();
            buffer.Advance(repaired.CopyString(buffer.GetSpan(whole.Length)));
        }

        return buffer.WrittenMemory.Span[start..];
    }

    /// <summary>
    /// The first member of an object with text that is none: bytes that are no UTF-8, or half of a surrogate pair (\ud83d). JSON readers
    /// pass over both, and throw when the text is asked for.
    /// </summary>
    /// <param name="json">Valid JSON.</param>
    /// <returns>Its name, as it is written; null when there is none.</returns>
    public static string? FindBroken(ReadOnlySpan<byte> json)
    {
        if (IsWhole(json))
        {
            return null;
        }

        var reader = new Utf8JsonReader(json);
        reader.Read();
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var name = Encoding.UTF8.GetString(reader.ValueSpan);
            var start = (int)reader.TokenStartIndex;
            reader.Read();
            reader.Skip();
            if (!IsWhole(json[start..(int)reader.BytesConsumed]))
            {
                return name;
            }
        }

        return "body";
    }

    /// <summary>All text in a JSON is text: UTF-8, without halves of surrogate pairs.</summary>
    public static bool IsWhole(ReadOnlySpan<byte> json)
    {
        if (!Utf8.IsValid(json))
        {
            return false;
        }

        for (var escape = json.IndexOf((byte)'\\'); escape >= 0 && escape + 1 < json.Length; escape = json.IndexOf((byte)'\\'))
        {
            json = json[escape..];
            if (json[1] != (byte)'u')
            {
                json = json[2..];
                continue;
            }

            if (!TryUnit(json, out var unit) || char.IsLowSurrogate(unit) || (char.IsHighSurrogate(unit) && !(TryUnit(json[6..], out var low) && char.IsLowSurrogate(low))))
            {
                return false;
            }

            json = json[(char.IsHighSurrogate(unit) ? 12 : 6)..];
        }

        return true;
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

    // \ud83d
    private static bool TryUnit(ReadOnlySpan<byte> json, out char unit)
    {
        ushort value = 0;
        var read = json.Length >= 6 && json[0] == (byte)'\\' && json[1] == (byte)'u' && Utf8Parser.TryParse(json[2..6], out value, out var used, 'X') && used == 4;
        unit = (char)value;
        return read;
    }

    // In place: \ufffd is as long as what it replaces.
    private static void ReplaceLoneSurrogates(Span<byte> escaped)
    {
        while (escaped.IndexOf((byte)'\\') is >= 0 and var at)
        {
            escaped = escaped[at..];
            if (!TryUnit(escaped, out var unit) || !char.IsSurrogate(unit))
            {
                escaped = escaped[2..];
            }
            else if (char.IsHighSurrogate(unit) && TryUnit(escaped[6..], out var second) && char.IsLowSurrogate(second))
            {
                escaped = escaped[12..];
            }
            else
            {
                "fffd"u8.CopyTo(escaped[2..]);
                escaped = escaped[6..];
            }
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
