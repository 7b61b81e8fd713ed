using System.Text.Json;

namespace LlmGateway.Gateway.Limits;

/// <summary>About how many tokens a prompt has, for the time until the provider's own count is known.</summary>
internal static class PromptEstimate
{
    private const int BytesPerToken = 4;
    private const int TokensPerImage = 1_600;

    // Longer than words are, in any script without spaces: data in base64.
    private const int LongestRun = 4_096;

    /// <param name="body">Valid JSON.</param>
    public static long Of(ReadOnlySpan<byte> body)
    {
        var (bytes, images) = (0L, 0L);
        var reader = new Utf8JsonReader(body, new JsonReaderOptions { MaxDepth = 128 });
        while (reader.Read())
        {
            if (reader.TokenType == JsonTokenType.String && IsData(reader.ValueSpan))
            {
                images++;
            }
            else if (reader.TokenType is JsonTokenType.String or JsonTokenType.Number or JsonTokenType.PropertyName)
            {
                bytes += reader.ValueSpan.Length;
            }
        }

        return (bytes / BytesPerToken) + 1 + (images * TokensPerImage);
    }

    private static bool IsData(ReadOnlySpan<byte> text) =>
        text.StartsWith("data:"u8) || (text.Length > LongestRun && !text[..LongestRun].ContainsAnyExcept(Base64));

    private static readonly System.Buffers.SearchValues<byte> Base64 =
        System.Buffers.SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/=-_\\"u8);
}
