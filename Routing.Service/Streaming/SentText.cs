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
    public bool Resumed { get; private set; }

    /// <summary>The first chunk that the client got: later ones have its id and its model.</summary>
    public ReadOnlyMemory<byte> First { get; private set; }

    /// <summary>A provider would not continue a text: no other is asked to.</summary>
    public bool PrefillRefused { get; set; }

    /// <summary>What a model is asked to continue: some refuse a text that ends in blanks.</summary>
    public string Prefill => Encoding.UTF8.GetString(Written).TrimEnd();

    private ReadOnlySpan<byte> Written => CollectionsMarshal.AsSpan(_text);

    /// <summary>The answer broke off after all that was taken had been sent.</summary>
    public void BreakOff() => (Resumed, _broken) = (true, _text.Count);

    /// <summary>An answer begins: what an earlier one said and nobody was sent is forgotten.</summary>
    /// <param name="prefilled">It continues <see cref="Prefill"/>, and does not begin anew.</param>
    public void Begin(bool prefilled)
    {
        First = Resumed ? First : default;
        _text.RemoveRange(_broken, _text.Count - _broken);
        (_prefilled, _otherThanText) = (prefilled, false);
        _matched = prefilled ? Encoding.UTF8.GetByteCount(Prefill) : 0;
    }

    /// <summary>One chunk of the answer at hand.</summary>
    /// <param name="json">The chunk.</param>
    /// <param name="isLast">It has a finish_reason.</param>
    /// <returns>What goes to the client, empty for nothing; or why this answer cannot go on where the first broke off.</returns>
    public (ReadOnlyMemory<byte> Json, CallFault? Fault) Take(ReadOnlyMemory<byte> json, bool isLast)
    {
        using var document = JsonDocument.Parse(json);
        var choice = document.RootElement.GetProperty("choices")[0];
        var (text, other) = Read(choice);
        if (!Resumed)
        {
            First = First.IsEmpty ? json.ToArray() : First;
            Record(text, other);
            return (json, null);
        }

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

        Record(rest, other);
        _matched = _text.Count;
        return (Rewritten(choice, rest), null);
    }

    private static CallFault Differs() => new(CallFailure.ProviderError, "Another provider's answer differs from what was sent already.")
    {
        Code = CallFault.AnswerDiffers,
    };

    private static (string Text, bool Other) Read(JsonElement choice)
    {
        var (text, other) = ("", false);
        if (choice.TryGetProperty("delta", out var delta) && delta.ValueKind == JsonValueKind.Object)
        {
            foreach (var member in delta.EnumerateObject())
            {
                if (member.NameEquals("content"u8) && member.Value.ValueKind == JsonValueKind.String)
                {
                    text = member.Value.GetString()!;
                }
                else
                {
                    other |= !member.NameEquals("role"u8) && member.Value.ValueKind != JsonValueKind.Null;
                }
            }
        }

        return (text, other);
    }

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

    private void Record(string text, bool other)
    {
        _otherThanText |= other || _text.Count + text.Length > MostBytes;
        if (!_otherThanText)
        {
            _text.AddRange(Encoding.UTF8.GetBytes(text));
        }
    }

    /// <summary>The chunk with the first answer's head, and without what the client has.</summary>
    private byte[] Rewritten(JsonElement choice, string rest)
    {
        var output = new ArrayBufferWriter<byte>(512);
        output.Write("{"u8);
        ChatAnswer.WriteHead(output, First.Span);
        output.Write("\"choices\":["u8);
        using (var json = new Utf8JsonWriter(output, Options))
        {
            json.WriteStartObject();
            foreach (var member in choice.EnumerateObject())
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
