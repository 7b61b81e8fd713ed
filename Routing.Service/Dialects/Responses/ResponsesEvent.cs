using System.Text.Json;
using LlmGateway.Routing.Streaming;

namespace LlmGateway.Routing.Dialects.Responses;

internal enum ResponsesEventKind
{
    /// <summary>Nothing that the gateway acts on: passed on as it is.</summary>
    Other,

    /// <summary>A piece of the answer.</summary>
    Delta,

    /// <summary>response.completed or response.incomplete: the provider's own end of a whole answer.</summary>
    End,

    /// <summary>response.failed or error.</summary>
    Error,
}

/// <summary>What one JSON of the Responses wire says, a stream's event or a whole response: read in one pass, nothing copied.</summary>
internal struct ResponsesEvent
{
    public ResponsesEventKind Kind { get; private set; }

    /// <summary>The response's "status", where it is completed or incomplete.</summary>
    public bool IsWhole { get; private set; }

    /// <summary>UTF-8 bytes of a delta, or of a whole response's output.</summary>
    public int ContentBytes { get; private set; }

    /// <summary>The error's bytes, when there is one.</summary>
    public Range? Error { get; private set; }

    /// <summary>The value of "usage", which may be null.</summary>
    public Range? UsageRange { get; private set; }

    /// <summary>Null when the response has none.</summary>
    public ReportedUsage? Usage { get; private set; }

    /// <summary>The closing brace of the response object; 0 without one.</summary>
    public int ResponseEnd { get; private set; }

    /// <summary>False when the bytes are not one JSON object.</summary>
    /// <param name="json">The bytes.</param>
    /// <param name="isResponse">They are a response, not an event that may have one.</param>
    /// <param name="read">What it says.</param>
    public static bool TryRead(ReadOnlySpan<byte> json, bool isResponse, out ResponsesEvent read)
    {
        read = default;
        try
        {
            var reader = new Utf8JsonReader(json);
            if (!reader.Read() || reader.TokenType != JsonTokenType.StartObject)
            {
                return false;
            }

            if (isResponse)
            {
                read.ReadResponse(ref reader);
            }
            else
            {
                read.ReadEvent(ref reader, json.Length);
            }

            return !reader.Read();
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            return false;
        }
    }

    private void ReadEvent(ref Utf8JsonReader reader, int length)
    {
        var deltaBytes = 0;
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            if (reader.ValueTextEquals("type"u8))
            {
                reader.Read();
                Kind = reader.TokenType == JsonTokenType.String ? KindOf(reader.ValueSpan) : ResponsesEventKind.Other;
                reader.Skip();
            }
            else if (reader.ValueTextEquals("delta"u8))
            {
                reader.Read();
                deltaBytes = Texts(ref reader);
            }
            else if (reader.ValueTextEquals("response"u8))
            {
                reader.Read();
                if (reader.TokenType == JsonTokenType.StartObject)
                {
                    ReadResponse(ref reader);
                    continue;
                }

                reader.Skip();
            }
            else if (reader.ValueTextEquals("error"u8))
            {
                reader.Read();
                Error = Value(ref reader) ?? Error;
            }
            else
            {
                reader.Read();
                reader.Skip();
            }
        }

        ContentBytes = Kind == ResponsesEventKind.Delta ? deltaBytes : 0;
        if (Kind == ResponsesEventKind.Error)
        {
            // {"type":"error","code":"server_error","message":"…","param":null} has no object of its own.
            Error ??= 0..length;
        }
        else if (Error is not null)
        {
            Kind = ResponsesEventKind.Error;
        }
    }

    private void ReadResponse(ref Utf8JsonReader reader)
    {
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            if (reader.ValueTextEquals("usage"u8))
            {
                reader.Read();
                var start = (int)reader.TokenStartIndex;
                Usage = ResponsesUsage.Read(ref reader);
                UsageRange = start..(int)reader.BytesConsumed;
            }
            else if (reader.ValueTextEquals("status"u8))
            {
                reader.Read();
                IsWhole = reader.TokenType == JsonTokenType.String
                    && (reader.ValueTextEquals("completed"u8) || reader.ValueTextEquals("incomplete"u8));
                reader.Skip();
            }
            else if (reader.ValueTextEquals("error"u8))
            {
                reader.Read();
                Error = Value(ref reader) ?? Error;
            }
            else if (reader.ValueTextEquals("output"u8))
            {
                reader.Read();
                ContentBytes = Texts(ref reader);
            }
            else
            {
                reader.Read();
                reader.Skip();
            }
        }

        ResponseEnd = (int)reader.TokenStartIndex;
    }

    private static Range? Value(ref Utf8JsonReader reader)
    {
        var (start, isNull) = ((int)reader.TokenStartIndex, reader.TokenType == JsonTokenType.Null);
        reader.Skip();
        return isNull ? null : start..(int)reader.BytesConsumed;
    }

    /// <summary>Bytes of what the model said: names, ids and what a reasoning model keeps to itself are none of it.</summary>
    private static int Texts(ref Utf8JsonReader reader)
    {
        if (reader.TokenType is not (JsonTokenType.StartObject or JsonTokenType.StartArray))
        {
            return reader.TokenType == JsonTokenType.String ? reader.ValueSpan.Length : 0;
        }

        var (depth, bytes, counts) = (reader.CurrentDepth, 0, true);
        while (reader.Read() && reader.CurrentDepth > depth)
        {
            if (reader.TokenType == JsonTokenType.PropertyName)
            {
                counts = reader.ValueTextEquals("text"u8) || reader.ValueTextEquals("arguments"u8) || reader.ValueTextEquals("refusal"u8)
                    || reader.ValueTextEquals("input"u8) || reader.ValueTextEquals("name"u8);
            }
            else if (reader.TokenType == JsonTokenType.String && counts)
            {
                bytes += reader.ValueSpan.Length;
            }
        }

        return bytes;
    }

    private static ResponsesEventKind KindOf(ReadOnlySpan<byte> type) =>
        type.EndsWith(".delta"u8) ? ResponsesEventKind.Delta
        : type.SequenceEqual("response.completed"u8) || type.SequenceEqual("response.incomplete"u8) ? ResponsesEventKind.End
        : type.SequenceEqual("response.failed"u8) || type.SequenceEqual("error"u8) ? ResponsesEventKind.Error
        : ResponsesEventKind.Other;
}
