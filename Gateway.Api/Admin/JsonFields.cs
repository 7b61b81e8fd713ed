using System.Text.Json;
using System.Text.Json.Serialization;

namespace LlmGateway.Gateway.Admin;

// The serializer's own converters name .NET types where something is wrong; these say what a client must send instead.

internal sealed class TextField : JsonConverter<string>
{
    public override string Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) => Of(ref reader, "a string");

    public override void Write(Utf8JsonWriter writer, string value, JsonSerializerOptions options) => writer.WriteStringValue(value);

    /// <summary>A string, or a member's name.</summary>
    public static string Of(ref Utf8JsonReader reader, string must)
    {
        try
        {
            return reader.TokenType is JsonTokenType.String or JsonTokenType.PropertyName ? reader.GetString()! : throw new FieldException(must);
        }
        catch (InvalidOperationException)
        {
            // Half of a surrogate pair, as in "\ud800".
            throw new FieldException($"{must} that is valid text");
        }
    }
}

internal sealed class WholeNumberField : JsonConverter<long>
{
    public override long Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        reader.TokenType == JsonTokenType.Number && reader.TryGetInt64(out var value)
            ? value
            : throw new FieldException($"a whole number from 0 to {long.MaxValue}");

    public override void Write(Utf8JsonWriter writer, long value, JsonSerializerOptions options) => writer.WriteNumberValue(value);
}

internal sealed class TextListField : JsonConverter<IReadOnlyList<string>>
{
    private const string Must = "a list of strings";

    public override IReadOnlyList<string> Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
    {
        if (reader.TokenType != JsonTokenType.StartArray)
        {
            throw new FieldException(Must);
        }

        var texts = new List<string>();
        while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
        {
            texts.Add(TextField.Of(ref reader, Must));
        }

        return texts;
    }

    public override void Write(Utf8JsonWriter writer, IReadOnlyList<string> value, JsonSerializerOptions options) => throw new NotSupportedException();
}

internal sealed class LabelsField : JsonConverter<Dictionary<string, string>>
{
    private const string Must = "an object whose members are strings, each given once";

    public override Dictionary<string, string> Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
    {
        if (reader.TokenType != JsonTokenType.StartObject)
        {
            throw new FieldException(Must);
        }

        var labels = new Dictionary<string, string>();
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var name = TextField.Of(ref reader, Must);
            reader.Read();
            if (!labels.TryAdd(name, TextField.Of(ref reader, Must)))
            {
                throw new FieldException(Must);
            }
        }

        return labels;
    }

    public override void Write(Utf8JsonWriter writer, Dictionary<string, string> value, JsonSerializerOptions options) =>
        throw new NotSupportedException();
}
