using System.Buffers;
using System.Buffers.Text;
using System.Text;
using System.Text.Json;
using LlmGateway.Routing.Catalog;
using LlmGateway.Routing.Dialects;

namespace LlmGateway.Routing.Providers.OpenAi;

/// <summary>
/// A client's chat body for one of OpenAI's reasoning models: the client's own members, byte for byte, but for
/// <code>
/// max_tokens                                      becomes max_completion_tokens
/// temperature, top_p, penalties, logit_bias, …    left out, unless the effort is none: clients always send them
/// reasoning_effort                                the nearest that the model has; none where its tools ask for it
/// tool_choice, parallel_tool_calls                left out where there are no tools
/// "role":"system"                                 becomes "developer"
/// </code>
/// beside what <see cref="OpenAiWire"/> changes for every model.
/// </summary>
internal static class ReasoningWire
{
    public static void Write(
        ChatRequest request, Deployment deployment, OpenAiModel model, bool stream, long? maxTokens, IBufferWriter<byte> output)
    {
        var body = request.Body.Span;
        var (members, asked, hasTools) = Read(body);
        var effort = model.Effort(asked, hasTools);
        output.Write("{\"model\":\""u8);
        output.Write(deployment.UpstreamModelJson.EncodedUtf8Bytes);
        output.Write(stream ? "\",\"stream\":true,\"stream_options\":"u8 : "\",\"stream\":false"u8);
        if (stream)
        {
            OpenAiWire.WriteStreamOptions(request.StreamOptions is { } options ? body[options] : default, output);
        }

        if (effort is not null)
        {
            output.Write(",\"reasoning_effort\":\""u8);
            output.Write(JsonEncodedText.Encode(effort).EncodedUtf8Bytes);
            output.Write("\""u8);
        }

        WriteMaximum(request, body, maxTokens, output);
        foreach (var member in members)
        {
            if (member.Field is Field.Sampling && effort != OpenAiModel.NoEffort || (member.Field is Field.OfTools && !hasTools))
            {
                continue;
            }

            output.Write(","u8);
            output.Write(body[member.Name.Start.Value..member.Value.Start.Value]);
            if (member.Field is Field.Messages)
            {
                WriteMessages(body[member.Value], output);
            }
            else
            {
                output.Write(body[member.Value]);
            }
        }

        output.Write("}"u8);
    }

    /// <returns>What is sent as it is or left out, in order; the effort that is asked for; and whether there is a tool.</returns>
    private static (List<Member> Members, string? Effort, bool HasTools) Read(ReadOnlySpan<byte> body)
    {
        var members = new List<Member>(16);
        var (effort, hasTools) = ((string?)null, false);
        var reader = new Utf8JsonReader(body);
        reader.Read();
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var (name, field) = ((int)reader.TokenStartIndex, FieldOf(ref reader));
            reader.Read();
            var value = (int)reader.TokenStartIndex;
            reader.Skip();
            var end = (int)reader.BytesConsumed;
            effort = field is Field.Effort ? Effort(body[value..end]) : effort;
            hasTools |= field is Field.Tools && body[value..end].Contains((byte)'{');
            if (field is not (Field.Written or Field.Effort))
            {
                members.Add(new Member(field, name..value, value..end));
            }
        }

        return (members, effort, hasTools);
    }

    // One that is no plain word is nobody's, and is not sent: it may be half of a surrogate pair, which is no text at all.
    private static string? Effort(ReadOnlySpan<byte> json) =>
        json.Length > 2 && json[0] == '"' && !json[1..^1].ContainsAnyExceptInRange((byte)'a', (byte)'z') ? Encoding.ASCII.GetString(json[1..^1]) : null;

    // Both maxima together are refused. The hold is for the larger one; the newer name is what the client means.
    private static void WriteMaximum(ChatRequest request, ReadOnlySpan<byte> body, long? maxTokens, IBufferWriter<byte> output)
    {
        if (maxTokens is { } held)
        {
            output.Write(",\"max_completion_tokens\":"u8);
            Utf8Formatter.TryFormat(held, output.GetSpan(20), out var written);
            output.Advance(written);
        }
        else if ((Number(request.MaxCompletionTokens, body) ?? Number(request.MaxTokens, body)) is { } stated)
        {
            output.Write(",\"max_completion_tokens\":"u8);
            output.Write(body[stated]);
        }

        static Range? Number(Range? value, ReadOnlySpan<byte> body) => value is { } range && !body[range].SequenceEqual("null"u8) ? range : null;
    }

    private static void WriteMessages(ReadOnlySpan<byte> messages, IBufferWriter<byte> output)
    {
        var reader = new Utf8JsonReader(messages);
        var copied = 0;
        while (reader.Read())
        {
            // [{"role":"system",…}]: a name of the second level, and not of what the message holds.
            if (reader.CurrentDepth == 2 && reader.TokenType == JsonTokenType.PropertyName && reader.ValueTextEquals("role"u8) && reader.Read()
                && reader.TokenType == JsonTokenType.String && !reader.ValueIsEscaped && reader.ValueTextEquals("system"u8))
            {
                output.Write(messages[copied..(int)reader.TokenStartIndex]);
                output.Write("\"developer\""u8);
                copied = (int)reader.BytesConsumed;
            }
        }

        output.Write(messages[copied..]);
    }

    private static Field FieldOf(ref Utf8JsonReader reader) =>
        reader.ValueTextEquals("messages"u8) ? Field.Messages
        : reader.ValueTextEquals("tools"u8) ? Field.Tools
        : reader.ValueTextEquals("reasoning_effort"u8) ? Field.Effort
        : reader.ValueTextEquals("tool_choice"u8) || reader.ValueTextEquals("parallel_tool_calls"u8) ? Field.OfTools
        : reader.ValueTextEquals("temperature"u8) || reader.ValueTextEquals("top_p"u8) || reader.ValueTextEquals("presence_penalty"u8)
            || reader.ValueTextEquals("frequency_penalty"u8) || reader.ValueTextEquals("logit_bias"u8) || reader.ValueTextEquals("logprobs"u8)
            || reader.ValueTextEquals("top_logprobs"u8) ? Field.Sampling
        : reader.ValueTextEquals("model"u8) || reader.ValueTextEquals("stream"u8) || reader.ValueTextEquals("stream_options"u8)
            || reader.ValueTextEquals("max_tokens"u8) || reader.ValueTextEquals("max_completion_tokens"u8) ? Field.Written
        : Field.Other;

    private enum Field
    {
        Other,
        Written,
        Messages,
        Tools,
        OfTools,
        Effort,
        Sampling,
    }

    private readonly record struct Member(Field Field, Range Name, Range Value);
}
