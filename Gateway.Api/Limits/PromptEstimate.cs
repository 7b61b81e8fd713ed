using System.Buffers;
using System.Text.Json;

namespace LlmGateway.Gateway.Limits;

/// <summary>About how many tokens a prompt has, for the time until the provider's own count is known.</summary>
/// <remarks>
/// Images, sound and files come as base64, which is far longer than what it costs. It is taken for data only where a request has data, in the
/// content of its messages, and only when it is base64 to its end: whatever else a client writes is text, however it looks.
/// </remarks>
internal static class PromptEstimate
{
    private const int BytesPerToken = 4;
    private const int TokensPerImage = 1_600;
    private const int MaxDepth = 128;

    // Longer than any media type with its parameters.
    private const int LongestDataHead = 256;

    private static readonly SearchValues<byte> Base64 =
        SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/=-_\\"u8);

    /// <summary>What a value is, by the name of its member.</summary>
    private enum Member : byte
    {
        Other,
        Messages,
        Input,
        ImageUrl,
        Url,
        FileData,
        InputAudio,
        Source,
        Type,
        Data,
    }

    /// <param name="body">Valid JSON.</param>
    public static long Of(ReadOnlySpan<byte> body)
    {
        var (bytes, images) = (0L, 0L);

        // Of Anthropic's source: its type may come after its data, and plain text is data there too.
        var (source, isBase64) = (0L, false);
        Span<Member> path = stackalloc Member[MaxDepth + 2];
        var reader = new Utf8JsonReader(body, new JsonReaderOptions { MaxDepth = MaxDepth });
        while (reader.Read())
        {
            var depth = reader.CurrentDepth;
            switch (reader.TokenType)
            {
                case JsonTokenType.StartObject or JsonTokenType.StartArray:
                    path[depth + 1] = Member.Other;
                    break;
                case JsonTokenType.PropertyName:
                    path[depth] = MemberOf(ref reader);
                    bytes += reader.ValueSpan.Length;
                    break;
                case JsonTokenType.String when IsOfSource(path[..(depth + 1)]) && path[depth] == Member.Data && IsBase64(reader.ValueSpan):
                    source += reader.ValueSpan.Length;
                    break;
                case JsonTokenType.String when IsData(path[..(depth + 1)], reader.ValueSpan):
                    images++;
                    break;
                case JsonTokenType.String:
                    isBase64 |= IsOfSource(path[..(depth + 1)]) && path[depth] == Member.Type && reader.ValueTextEquals("base64"u8);
                    bytes += reader.ValueSpan.Length;
                    break;
                case JsonTokenType.Number:
                    bytes += reader.ValueSpan.Length;
                    break;
                case JsonTokenType.EndObject when path[depth] == Member.Source:
                    (bytes, images) = isBase64 && source > 0 ? (bytes, images + 1) : (bytes + source, images);
                    (source, isBase64) = (0, false);
                    break;
            }
        }

        return ((bytes + source) / BytesPerToken) + 1 + (images * TokensPerImage);
    }

    private static Member MemberOf(ref Utf8JsonReader reader) => reader switch
    {
        _ when reader.ValueTextEquals("type"u8) => Member.Type,
        _ when reader.ValueTextEquals("messages"u8) => Member.Messages,
        _ when reader.ValueTextEquals("input"u8) => Member.Input,
        _ when reader.ValueTextEquals("image_url"u8) => Member.ImageUrl,
        _ when reader.ValueTextEquals("url"u8) => Member.Url,
        _ when reader.ValueTextEquals("file_data"u8) => Member.FileData,
        _ when reader.ValueTextEquals("input_audio"u8) => Member.InputAudio,
        _ when reader.ValueTextEquals("source"u8) => Member.Source,
        _ when reader.ValueTextEquals("data"u8) => Member.Data,
        _ => Member.Other,
    };

    private static bool IsOfSource(ReadOnlySpan<Member> path) => path is [.., Member.Source, _] && IsContent(path);

    private static bool IsData(ReadOnlySpan<Member> path, ReadOnlySpan<byte> text) => path switch
    {
        [.., Member.ImageUrl] or [.., Member.ImageUrl, Member.Url] => IsDataAddress(text) && IsContent(path),
        [.., Member.FileData] => (IsDataAddress(text) || IsBase64(text)) && IsContent(path),
        [.., Member.InputAudio, Member.Data] => IsBase64(text) && IsContent(path),
        _ => false,
    };

    // Below a message. What a tool was given has members of the client's own choice, and is text to the model.
    private static bool IsContent(ReadOnlySpan<Member> path) =>
        path is [_, Member.Messages or Member.Input, .. var rest] && !rest.Contains(Member.Input);

    private static bool IsDataAddress(ReadOnlySpan<byte> text)
    {
        if (!text.StartsWith("data:"u8))
        {
            return false;
        }

        var mark = ";base64,"u8;
        var head = text[..Math.Min(text.Length, LongestDataHead)].IndexOf(mark);
        return head >= 0 && IsBase64(text[(head + mark.Length)..]);
    }

    private static bool IsBase64(ReadOnlySpan<byte> text) => !text.ContainsAnyExcept(Base64);
}
