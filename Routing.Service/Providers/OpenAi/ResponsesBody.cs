using System.Buffers;
using System.Buffers.Text;
using System.Text.Json;

namespace LlmGateway.Routing.Providers.OpenAi;

/// <summary>
/// A client's own Responses body for a provider that speaks it: the client's bytes with "model", "stream" and "store" (false: what is
/// stored there, all customers' keys could read) replaced or added, and "max_output_tokens" where the hold bounds the answer.
/// </summary>
internal static class ResponsesBody
{
    public static void Write(ProviderRequest request, IBufferWriter<byte> output)
    {
        var body = request.Client.Body.Span;
        var reader = new Utf8JsonReader(body);
        reader.Read();
        output.Write("{\"model\":\""u8);
        output.Write(request.Deployment.UpstreamModelJson.EncodedUtf8Bytes);
        output.Write(request.Stream ? "\",\"stream\":true,\"store\":false"u8 : "\",\"stream\":false,\"store\":false"u8);
        if (request.MaxTokens is { } maximum)
        {
            output.Write(",\"max_output_tokens\":"u8);
            Utf8Formatter.TryFormat(maximum, output.GetSpan(20), out var written);
            output.Advance(written);
        }

        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var start = (int)reader.TokenStartIndex;
            var ours = reader.ValueTextEquals("model"u8) || reader.ValueTextEquals("stream"u8) || reader.ValueTextEquals("store"u8)
                || (request.MaxTokens is not null && reader.ValueTextEquals("max_output_tokens"u8))
                || (!request.Stream && reader.ValueTextEquals("stream_options"u8));
            reader.Read();
            reader.Skip();
            if (!ours)
            {
                output.Write(","u8);
                output.Write(body[start..(int)reader.BytesConsumed]);
            }
        }

        output.Write("}"u8);
    }
}
