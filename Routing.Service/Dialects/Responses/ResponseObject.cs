using System.Text.Json;
using LlmGateway.Routing.Calls;
using LlmGateway.Routing.Catalog;
using LlmGateway.Routing.Streaming;

namespace LlmGateway.Routing.Dialects.Responses;

/// <summary>What the response is known by.</summary>
/// <param name="CreatedAt">Seconds since 1970.</param>
internal sealed record ResponseHead(string Id, long CreatedAt, string Model);

/// <summary>
/// The response object around the output: what the client asked for is said back, as OpenAI does, and clients rely on most of it.
/// What is not done here is said so: store, background, previous_response_id.
/// </summary>
internal sealed class ResponseObject
{
    /// <summary>Members of the request that the response has too, and what stands there when the client left them out.</summary>
    private static readonly (string Name, byte[] Default)[] Echoed =
    [
        ("instructions", "null"u8.ToArray()), ("max_output_tokens", "null"u8.ToArray()), ("metadata", "{}"u8.ToArray()),
        ("parallel_tool_calls", "true"u8.ToArray()), ("reasoning", """{"effort":null,"summary":null}"""u8.ToArray()),
        ("temperature", "1"u8.ToArray()), ("text", """{"format":{"type":"text"}}"""u8.ToArray()), ("tool_choice", "\"auto\""u8.ToArray()),
        ("tools", "[]"u8.ToArray()), ("top_p", "1"u8.ToArray()), ("truncation", "\"disabled\""u8.ToArray()), ("user", "null"u8.ToArray()),
    ];

    private readonly ReadOnlyMemory<byte>[] _echo = [.. Echoed.Select(member => (ReadOnlyMemory<byte>)member.Default)];

    /// <param name="call">What was asked for.</param>
    /// <param name="deployment">Who answers.</param>
    /// <param name="head">What the client has been told already; null for an answer that begins.</param>
    public ResponseObject(Call call, Deployment deployment, ResponseHead? head = null)
    {
        Tail = call.RequestId[(call.RequestId.IndexOf('_', StringComparison.Ordinal) + 1)..];
        Head = head ?? new ResponseHead("resp_" + Tail, call.StartedAt.ToUnixTimeSeconds(), deployment.ModelName);
        ReadEcho(call.Client.Body);
    }

    public ResponseHead Head { get; }

    /// <summary>What makes the ids of this answer its own: of the request's id.</summary>
    public string Tail { get; }

    /// <param name="json">Where to.</param>
    /// <param name="status">in_progress, completed or incomplete.</param>
    /// <param name="reason">With incomplete: max_output_tokens or content_filter.</param>
    /// <param name="items">The output.</param>
    /// <param name="usage">Null while it is not known.</param>
    /// <param name="costNanoUsd">With usage.</param>
    public void Write(
        Utf8JsonWriter json, string status, string? reason, IReadOnlyList<OutputItem> items, TokenUsage? usage, long costNanoUsd)
    {
        json.WriteStartObject();
        json.WriteString("id"u8, Head.Id);
        json.WriteString("object"u8, "response"u8);
        json.WriteNumber("created_at"u8, Head.CreatedAt);
        json.WriteString("status"u8, status);
        json.WriteBoolean("background"u8, false);
        json.WriteNull("error"u8);
        if (reason is null)
        {
            json.WriteNull("incomplete_details"u8);
        }
        else
        {
            json.WriteStartObject("incomplete_details"u8);
            json.WriteString("reason"u8, reason);
            json.WriteEndObject();
        }

        json.WriteString("model"u8, Head.Model);
        json.WriteStartArray("output"u8);
        foreach (var item in items)
        {
            item.Write(json, item == items[^1] ? status : OutputItem.Completed);
        }

        json.WriteEndArray();
        json.WriteNull("previous_response_id"u8);
        json.WriteBoolean("store"u8, false);
        for (var index = 0; index < Echoed.Length; index++)
        {
            json.WritePropertyName(Echoed[index].Name);
            json.WriteRawValue(_echo[index].Span, skipInputValidation: true);
        }

        json.WritePropertyName("usage"u8);
        if (usage is { } tokens)
        {
            ResponsesUsage.Write(json, tokens, costNanoUsd);
        }
        else
        {
            json.WriteNullValue();
        }

        json.WriteEndObject();
    }

    private void ReadEcho(ReadOnlyMemory<byte> body)
    {
        var reader = new Utf8JsonReader(body.Span);
        reader.Read();
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var place = -1;
            for (var index = 0; index < Echoed.Length && place < 0; index++)
            {
                place = reader.ValueTextEquals(Echoed[index].Name) ? index : -1;
            }

            reader.Read();
            var (start, isNull) = ((int)reader.TokenStartIndex, reader.TokenType == JsonTokenType.Null);
            reader.Skip();
            if (place >= 0 && !isNull)
            {
                _echo[place] = body[start..(int)reader.BytesConsumed];
            }
        }
    }
}
