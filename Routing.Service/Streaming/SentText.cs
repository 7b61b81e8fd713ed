using System.Buffers;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using LlmGateway.Protos.Routing.V1;
using LlmGateway.Routing.Calls;
using LlmGateway.Routing.Dialects;

namespace LlmGateway.Routing.Streaming;

/// <summary>
/// The text that a client has got of a streamed answer, so that another provider's answer may go on where the first broke off. The second one either
/// begins with what was sent, which is then left out, or was asked to continue it (assistant prefill). Anything else is another answer, and is refused: a
/// client must not read the beginning of one and the end of another.
/// </summary>
internal sealed class SentText
{
    /// <summary>Longer answers are not gone on with.</summary>
    private const int MostBytes = 1024 * 1024;

    private static readonly JsonWriterOptions Options = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    private readonly List<byte> _text = [];
    private int _matched;
    private int _broken;
    private bool _otherThanText;
    private bool _prefilled;

    /// <summary>Something was sent, it is all text, and it is not too long.</summary>
    public bool IsResumable => !_otherThanText && _text.Count > 0;

    /// <summary>The answer at hand is not the first.</summary>
    public bool Resumed => Place is not null;

    /// <summary>Where the last answer broke off; null before.</summary>
    public StreamPlace? Place { get; private set; }

    /// <summary>A provider would not continue a text, or the hold does not cover it: no other is asked to.</summary>
    public bool PrefillRefused { get; set; }

    /// <summary>What a model is asked to continue: some refuse a text that ends in blanks.</summary>
    public string Prefill => Encoding.UTF8.GetString(Written).TrimEnd();

    /// <summary>UTF-8.</summary>
    public ReadOnlySpan<byte> Written => CollectionsMarshal.AsSpan(_text);

    /// <summary>The answer broke off after all that was taken had been sent.</summary>
    public void BreakOff(StreamPlace place) => (Place, _broken) = (place, _text.Count);

    /// <summary>An answer begins: what an earlier one said and nobody was sent is forgotten.</summary>
    /// <param name="prefilled">It continues <see cref="Prefill"/>, and does not begin anew.</param>
    public void Begin(bool prefilled)
    {
        _text.RemoveRange(_broken, _text.Count - _broken);
        (_prefilled, _otherThanText) = (prefilled, false);
        _matched = prefilled ? Encoding.UTF8.GetByteCount(Prefill) : 0;
    }

    /// <summary>The client gets a text.</summary>
    /// <param name="text">At the string; anything else, and what is no text, cannot be gone on with.</param>
    public void Add(ref Utf8JsonReader text)
    {
        if (text.TokenType != JsonTokenType.String || _text.Count + text.ValueSpan.Length > MostBytes)
        {
            AddOther();
        }

        if (_otherThanText)
        {
            return;
        }

        var start = _text.Count;
        CollectionsMarshal.SetCount(_text, start + text.ValueSpan.Length);
        var length = 0;
        try
        {
            length = text.CopyString(CollectionsMarshal.AsSpan(_text)[start..]);
        }
        catch (InvalidOperationException)
        {
            // Half of a surrogate pair.
            AddOther();
        }

        CollectionsMarshal.SetCount(_text, start + length);
    }

    public void Add(string text)
    {
        _otherThanText |= _text.Count + text.Length > MostBytes;
        if (!_otherThanText)
        {
            _text.AddRange(Encoding.UTF8.GetBytes(text));
        }
    }

    /// <summary>The client gets something that is not text.</summary>
    public void AddOther() => _otherThanText = true;

    /// <summary>One chunk of the answer at hand.</summary>
    /// <param name="json">The chunk.</param>
    /// <param name="chunk">What it says.</param>
    /// <returns>What goes to the client, empty for nothing; or why this answer cannot go on where the first broke off.</returns>
    public (ReadOnlyMemory<byte> Json, CallFault? Fault) Take(ReadOnlyMemory<byte> json, in ChatChunk chunk)
    {
        var other = chunk.HasOther || chunk.Choices > 1;
        var text = default(Utf8JsonReader);
        if (chunk.Text is { } place)
        {
            text = new Utf8JsonReader(json.Span[place]);
            text.Read();
        }

        if (Resumed)
        {
            return GoOn(json, chunk.Text is null ? "" : text.GetString()!, other, isLast: chunk.Finished is not null);
        }

        _otherThanText |= other;
        if (chunk.Text is not null)
        {
            Add(ref text);
        }

        return (json, null);
    }

    private (ReadOnlyMemory<byte> Json, CallFault? Fault) GoOn(ReadOnlyMemory<byte> json, string text, bool other, bool isLast)
    {
        var rest = Unmatched(text);
        var isWhole = _matched == _text.Count || _prefilled;
        if (rest is null || (!isWhole && (other || isLast)))
        {
            return (default, Differs());
        }

        if (rest.Length == 0 && !other && !isLast)
        {
            return (default, null);
        }

        _otherThanText |= other;
        Add(rest);
        _matched = _text.Count;
        return (Rewritten(json, rest), null);
    }

    private static CallFault Differs() => new(CallFailure.ProviderError, "Another provider's answer differs from what was sent already.")
    {
        Code = CallFault.AnswerDiffers,
    };

    /// <summary>What of a text comes after all that was sent; empty when none does; null when it is another text.</summary>
    private string? Unmatched(string text)
    {
        var bytes = Encoding.UTF8.GetBytes(text);
        var left = Written[_matched..];
        var common = Math.Min(bytes.Length, left.Length);
        if (bytes.AsSpan(0, common).SequenceEqual(left[..common]))
        {
            _matched += common;
            return Encoding.UTF8.GetString(bytes.AsSpan(common));
        }

        // Only blanks can be left of what was continued, and the model need not repeat them.
        return _prefilled ? text.TrimStart() : null;
    }

    /// <summary>The chunk with the first answer's head, and without what the client has.</summary>
    private byte[] Rewritten(ReadOnlyMemory<byte> chunk, string rest)
    {
        using var document = JsonDocument.Parse(chunk);
        var output = new ArrayBufferWriter<byte>(512);
        output.Write("{"u8);
        ChatAnswer.WriteHead(output, Place is ChatPlace place ? place.First.Span : default);
        output.Write("\"choices\":["u8);
        using (var json = new Utf8JsonWriter(output, Options))
        {
            json.WriteStartObject();
            foreach (var member in document.RootElement.GetProperty("choices")[0].EnumerateObject())
            {
                if (!member.NameEquals("delta"u8))
                {
                    member.WriteTo(json);
                    continue;
                }

                json.WriteStartObject("delta"u8);
                foreach (var part in member.Value.EnumerateObject().Where(part => !part.NameEquals("content"u8) && !part.NameEquals("role"u8)))
                {
                    part.WriteTo(json);
                }

                if (rest.Length > 0)
                {
                    json.WriteString("content"u8, rest);
                }

                json.WriteEndObject();
            }

            json.WriteEndObject();
        }

        output.Write("]}"u8);
        return output.WrittenSpan.ToArray();
    }
}
