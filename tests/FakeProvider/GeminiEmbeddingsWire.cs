using System.Text.Json;
using static LlmGateway.FakeProvider.Json;

namespace LlmGateway.FakeProvider;

/// <summary>Gemini's embeddings: numbers only, and no usage.</summary>
internal sealed class GeminiEmbeddingsWire(ProviderCall call, Script script) : GeminiWire(call, script)
{
    public override bool Generates => false;

    public override string Whole(Answer answer)
    {
        var values = Call.Json.Has("requests")
            ? $$"""{"embeddings":[{{string.Join(',', Call.Json.Member("requests").Items().Select(Values))}}]}"""
            : $$"""{"embedding":{{Values(Call.Json)}}}""";
        return Indented(values);
    }

    private string Values(JsonElement request)
    {
        var dimensions = request.Member("outputDimensionality").ValueKind == JsonValueKind.Number ? request.Member("outputDimensionality").GetInt32() : Script.Dimensions;
        var text = string.Concat(request.Member("content").Member("parts").Items().Select(part => part.Text("text")));
        return $$"""{"values":{{Embedding.Array(Embedding.Of(text, dimensions))}}}""";
    }
}
