using System.Buffers.Binary;
using System.Globalization;
using System.Text.Json;
using static LlmGateway.FakeProvider.Json;

namespace LlmGateway.FakeProvider;

/// <summary>OpenAI's embeddings, as numbers or as base64 of little-endian floats.</summary>
internal sealed class EmbeddingsWire(ProviderCall call, Script script) : OpenAiWire(call, script)
{
    public override bool Generates => false;

    public override string Garbage => "";

    public override string Begin() => "";

    public override string Open(Block block) => "";

    public override string Piece(Block block, string piece) => "";

    public override string Close(Block block) => "";

    public override string Finish(Answer answer) => "";

    public override string ErrorEvent(ProviderError error) => Error(error);

    public override string Whole(Answer answer)
    {
        var dimensions = Call.Json.Member("dimensions").ValueKind == JsonValueKind.Number ? Call.Json.Member("dimensions").GetInt32() : Script.Dimensions;
        var base64 = Call.Json.Text("encoding_format") == "base64";
        var data = Inputs().Select((input, index) =>
        {
            var vector = Embedding.Of(input, dimensions);
            return $$"""{"object":"embedding","index":{{index}},"embedding":{{(base64 ? Quote(Base64(vector)) : Embedding.Array(vector))}}}""";
        });
        var usage = Script.Usage == UsagePlacement.Never ? "" : $$""","usage":{"prompt_tokens":{{Call.PromptTokens}},"total_tokens":{{Call.PromptTokens}}}""";
        return $$"""{"object":"list","data":[{{string.Join(',', data)}}],"model":{{Quote(Call.Model)}}{{usage}}}""";
    }

    /// <summary>A string, strings, a token array, token arrays.</summary>
    private IEnumerable<string> Inputs()
    {
        var input = Call.Json.Member("input");
        var one = input.ValueKind == JsonValueKind.String || input.Items().FirstOrDefault().ValueKind == JsonValueKind.Number;
        return (one ? [input] : input.Items()).Select(item => item.ValueKind == JsonValueKind.String ? item.GetString()! : item.GetRawText());
    }

    private static string Base64(IReadOnlyList<float> vector)
    {
        var bytes = new byte[vector.Count * sizeof(float)];
        for (var index = 0; index < vector.Count; index++)
        {
            BinaryPrimitives.WriteSingleLittleEndian(bytes.AsSpan(index * sizeof(float)), vector[index]);
        }

        return Convert.ToBase64String(bytes);
    }
}

/// <summary>Vectors that depend on the text and nothing else.</summary>
public static class Embedding
{
    /// <summary>Values from -1 to 1 in steps of 1/128, which every encoding keeps exactly.</summary>
    public static IReadOnlyList<float> Of(string text, int dimensions)
    {
        ArgumentNullException.ThrowIfNull(text);
        var hash = text.Aggregate(2166136261u, (sum, letter) => unchecked((sum ^ letter) * 16777619u));
        return [.. Enumerable.Range(1, dimensions).Select(place => (unchecked((hash * (uint)place * 2654435761u) >> 24) - 128f) / 128f)];
    }

    internal static string Array(IReadOnlyList<float> vector) =>
        $"[{string.Join(',', vector.Select(value => value.ToString("0.0######", CultureInfo.InvariantCulture)))}]";
}
