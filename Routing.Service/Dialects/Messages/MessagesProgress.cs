using System.Text.Json;
using LlmGateway.Routing.Streaming;

namespace LlmGateway.Routing.Dialects.Messages;

/// <param name="Index">Of the last block; -1 before any.</param>
/// <param name="IsOpen">It is one of text, and its end was not told.</param>
internal sealed record MessagesPlace(int Index, bool IsOpen) : StreamPlace;

/// <summary>How far a client has come in an answer whose events pass through: its text, and the block that this is in.</summary>
internal sealed class MessagesProgress(SentText sent)
{
    private int _index = -1;
    private bool _isOpen;

    private enum Kind
    {
        Other,
        None,
        BlockStart,
        BlockDelta,
        BlockStop,
    }

    public MessagesPlace Place => new(_index, _isOpen);

    // {"type":"content_block_start","index":0,"content_block":{"type":"text","text":""}}
    // {"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"Hi"}}
    // {"type":"content_block_stop","index":0}

    /// <param name="json">An event that the client gets: one JSON object.</param>
    public void Take(ReadOnlySpan<byte> json)
    {
        try
        {
            Read(json);
        }
        catch (InvalidOperationException)
        {
            // A name with half of a surrogate pair in it.
            sent.AddOther();
        }
    }

    private void Read(ReadOnlySpan<byte> json)
    {
        var (kind, index, isText) = (Kind.Other, _index, false);
        var text = default(Utf8JsonReader);
        var reader = new Utf8JsonReader(json);
        reader.Read();
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var (isType, isIndex) = (reader.ValueTextEquals("type"u8), reader.ValueTextEquals("index"u8));
            var isContent = reader.ValueTextEquals("delta"u8) || reader.ValueTextEquals("content_block"u8);
            reader.Read();
            kind = isType ? KindOf(ref reader) : kind;
            index = isIndex && reader.TokenType == JsonTokenType.Number && reader.TryGetInt32(out var number) ? number : index;
            if (isContent && reader.TokenType == JsonTokenType.StartObject)
            {
                isText = ReadContent(ref reader, out text);
            }

            reader.Skip();
        }

        Take(kind, index, isText, ref text);
    }

    private void Take(Kind kind, int index, bool isText, ref Utf8JsonReader text)
    {
        switch (kind)
        {
            case Kind.None:
                break;
            case Kind.BlockStart when isText:
                (_index, _isOpen) = (index, true);
                sent.Add(ref text);
                break;
            case Kind.BlockDelta when isText:
                sent.Add(ref text);
                break;
            case Kind.BlockStop:
                _isOpen = false;
                break;
            default:
                sent.AddOther();
                break;
        }
    }

    private static Kind KindOf(ref Utf8JsonReader type) => type.TokenType != JsonTokenType.String ? Kind.Other
        : type.ValueTextEquals("content_block_delta"u8) ? Kind.BlockDelta
        : type.ValueTextEquals("content_block_start"u8) ? Kind.BlockStart
        : type.ValueTextEquals("content_block_stop"u8) ? Kind.BlockStop
        : type.ValueTextEquals("ping"u8) || type.ValueTextEquals("message_start"u8) ? Kind.None
        : Kind.Other;

    /// <summary>Reads to the object's end.</summary>
    /// <returns>Whether it is text.</returns>
    private static bool ReadContent(scoped ref Utf8JsonReader reader, out Utf8JsonReader text)
    {
        var isText = false;
        text = default;
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var (isType, isValue) = (reader.ValueTextEquals("type"u8), reader.ValueTextEquals("text"u8));
            reader.Read();
            isText |= isType && reader.TokenType == JsonTokenType.String && (reader.ValueTextEquals("text_delta"u8) || reader.ValueTextEquals("text"u8));
            text = isValue ? reader : text;
            reader.Skip();
        }

        return isText;
    }
}
