using System.Text.Json;

namespace LlmGateway.Routing.Providers.OpenAi;

/// <summary>The members of one event of the Responses API that a chat chunk is made of. Null or at no value where there is none.</summary>
internal ref struct ResponsesFields
{
    public string? Type { get; private set; }

    /// <summary>Of the response.</summary>
    public string? ResponseId { get; private set; }

    public int? OutputIndex { get; private set; }

    /// <summary>At the value of "delta".</summary>
    public Utf8JsonReader Delta { get; private set; }

    /// <summary>The bytes of "item".</summary>
    public Range? Item { get; private set; }

    public string? ItemType { get; private set; }

    public string? CallId { get; private set; }

    public string? Name { get; private set; }

    public static ResponsesFields Read(ReadOnlySpan<byte> json)
    {
        var fields = default(ResponsesFields);
        var reader = new Utf8JsonReader(json);
        reader.Read();
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            if (reader.ValueTextEquals("type"u8))
            {
                fields.Type = Text(ref reader);
            }
            else if (reader.ValueTextEquals("output_index"u8))
            {
                reader.Read();
                fields.OutputIndex = reader.TokenType == JsonTokenType.Number && reader.TryGetInt32(out var index) ? index : null;
                reader.Skip();
            }
            else if (reader.ValueTextEquals("delta"u8))
            {
                reader.Read();
                fields.Delta = reader;
                reader.Skip();
            }
            else if (reader.ValueTextEquals("item"u8))
            {
                fields.ReadItem(ref reader);
            }
            else if (reader.ValueTextEquals("response"u8))
            {
                fields.ReadResponse(ref reader);
            }
            else
            {
                reader.Read();
                reader.Skip();
            }
        }

        return fields;
    }

    private void ReadItem(ref Utf8JsonReader reader)
    {
        reader.Read();
        if (reader.TokenType != JsonTokenType.StartObject)
        {
            reader.Skip();
            return;
        }

        var start = (int)reader.TokenStartIndex;
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            if (reader.ValueTextEquals("type"u8))
            {
                ItemType = Text(ref reader);
            }
            else if (reader.ValueTextEquals("call_id"u8))
            {
                CallId = Text(ref reader);
            }
            else if (reader.ValueTextEquals("name"u8))
            {
                Name = Text(ref reader);
            }
            else
            {
                reader.Read();
                reader.Skip();
            }
        }

        Item = start..(int)reader.BytesConsumed;
    }

    private void ReadResponse(ref Utf8JsonReader reader)
    {
        reader.Read();
        if (reader.TokenType != JsonTokenType.StartObject)
        {
            reader.Skip();
            return;
        }

        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            if (reader.ValueTextEquals("id"u8))
            {
                ResponseId = Text(ref reader);
            }
            else
            {
                reader.Read();
                reader.Skip();
            }
        }
    }

    private static string? Text(ref Utf8JsonReader reader)
    {
        reader.Read();
        var text = reader.TokenType == JsonTokenType.String ? reader.GetString() : null;
        reader.Skip();
        return text;
    }
}
