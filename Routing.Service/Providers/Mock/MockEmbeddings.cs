using System.Globalization;
using System.Text;
using System.Text.Json;
using LlmGateway.Routing.Dialects;

namespace LlmGateway.Routing.Providers.Mock;

/// <summary>Vectors that depend on the text and on nothing else: of length one, as real ones are.</summary>
internal static class MockEmbeddings
{
    private const int DefaultDimensions = 1536;
    private const int MostDimensions = 4096;

    public static string Answer(EmbeddingRequest request, string model)
    {
        var dimensions = (int)Math.Min(request.Dimensions ?? DefaultDimensions, MostDimensions);
        var texts = request.IsTokens ? Enumerable.Repeat("", request.Count) : request.Texts();
        var data = texts.Select((text, index) => string.Create(CultureInfo.InvariantCulture,
            $$"""{"object":"embedding","index":{{index}},"embedding":[{{string.Join(',', Vector(text, dimensions))}}]}"""));
        var tokens = Math.Max(1, (request.PromptBytes + 3) / 4);
        return string.Create(CultureInfo.InvariantCulture,
            $$$"""{"object":"list","data":[{{{string.Join(',', data)}}}],"model":"{{{JsonEncodedText.Encode(model)}}}","usage":{"prompt_tokens":{{{tokens}}},"total_tokens":{{{tokens}}}}}""");
    }

    private static IEnumerable<string> Vector(string text, int dimensions)
    {
        // A linear congruential generator (Knuth's), begun at a hash of the text: Random's numbers may change with the framework.
        var state = Encoding.UTF8.GetBytes(text).Aggregate(14695981039346656037UL, static (hash, value) => (hash ^ value) * 1099511628211UL);
        var values = new float[dimensions];
        for (var index = 0; index < dimensions; index++)
        {
            state = (state * 6364136223846793005UL) + 1442695040888963407UL;
            values[index] = ((state >> 40) / (float)(1 << 23)) - 1;
        }

        var length = MathF.Sqrt(values.Sum(value => value * value));
        return values.Select(value => (value / length).ToString("R", CultureInfo.InvariantCulture));
    }
}
