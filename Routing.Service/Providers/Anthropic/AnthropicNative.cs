using System.Buffers;
using System.Buffers.Text;
using System.Text.Json;
using LlmGateway.Routing.Catalog;
using LlmGateway.Routing.Dialects;

namespace LlmGateway.Routing.Providers.Anthropic;

/// <summary>
/// A Messages body of a client's own: its bytes go on as they are, whatever fields they have, but for these:
/// <code>
/// "model": the provider's name      "stream": true or false      "max_tokens": where it is larger than what the hold or the model allows
/// </code>
/// </summary>
internal static class AnthropicNative
{
    /// <param name="body">A JSON object.</param>
    /// <param name="deployment">Whose model.</param>
    /// <param name="stream">The form of the answer.</param>
    /// <param name="maxTokens">The most that may be asked for.</param>
    /// <param name="output">Where to.</param>
    public static void Write(ReadOnlySpan<byte> body, Deployment deployment, bool stream, long maxTokens, IBufferWriter<byte> output)
    {
        var reader = new Utf8JsonReader(body);
        reader.Read();
        output.Write("{\"model\":\""u8);
        output.Write(deployment.UpstreamModelJson.EncodedUtf8Bytes);
        output.Write(stream ? "\",\"stream\":true,\"max_tokens\":"u8 : "\",\"stream\":false,\"max_tokens\":"u8);
        var most = maxTokens;
        var rest = new ArrayBufferWriter<byte>(body.Length);
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var start = (int)reader.TokenStartIndex;
            var isTokens = JsonText.NameIs("max_tokens"u8, ref reader);
            var isOurs = isTokens || JsonText.NameIs("model"u8, ref reader) || JsonText.NameIs("stream"u8, ref reader);
            reader.Read();
            most = isTokens && reader.TokenType == JsonTokenType.Number && reader.TryGetInt64(out var asked) ? Math.Min(asked, maxTokens) : most;
            reader.Skip();
            if (!isOurs)
            {
                rest.Write(","u8);
                rest.Write(body[start..(int)reader.BytesConsumed]);
            }
        }

        Utf8Formatter.TryFormat(most, output.GetSpan(20), out var written);
        output.Advance(written);
        output.Write(rest.WrittenSpan);
        output.Write("}"u8);
    }
}
