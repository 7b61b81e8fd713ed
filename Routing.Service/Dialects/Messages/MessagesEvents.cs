using System.Buffers;
using System.Text.Encodings.Web;
using System.Text.Json;
using LlmGateway.Routing.Providers;
using LlmGateway.Routing.Streaming;

namespace LlmGateway.Routing.Dialects.Messages;

/// <summary>
/// The events of an answer in Anthropic's Messages stream (docs.claude.com/en/docs/build-with-claude/streaming), in one buffer that is used again
/// for each read. Texts are copied as they stand between their quotes: nothing is decoded on the way.
/// </summary>
internal sealed class MessagesEvents : IDisposable
{
    private static readonly JsonWriterOptions Options = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, SkipValidation = true };

    private readonly PooledBuffer _buffer = new(4096);
    private readonly List<Range> _ranges = [];
    private readonly Utf8JsonWriter _json = new(Stream.Null, Options);
    private int _start;

    /// <summary>message_start, and the ping that Anthropic sends after it.</summary>
    /// <param name="id">msg_…</param>
    /// <param name="model">Who answers.</param>
    /// <param name="promptTokens">An estimate: what it was comes with message_delta.</param>
    public void Start(string id, string model, long promptTokens)
    {
        Begin("message_start"u8);
        _json.WriteStartObject("message"u8);
        _json.WriteString("id"u8, id);
        _json.WriteString("type"u8, "message"u8);
        _json.WriteString("role"u8, "assistant"u8);
        _json.WriteString("model"u8, model);
        _json.WriteStartArray("content"u8);
        _json.WriteEndArray();
        _json.WriteNull("stop_reason"u8);
        _json.WriteNull("stop_sequence"u8);
        _json.WriteStartObject("usage"u8);
        _json.WriteNumber("input_tokens"u8, promptTokens);
        _json.WriteNumber("cache_creation_input_tokens"u8, 0);
        _json.WriteNumber("cache_read_input_tokens"u8, 0);
        _json.WriteNumber("output_tokens"u8, 0);
        _json.WriteEndObject();
        _json.WriteEndObject();
        End();
        Begin("ping"u8);
        End();
    }

    public void OpenText(int index)
    {
        BeginBlock(index, "text"u8);
        _json.WriteString("text"u8, ""u8);
        EndBlock();
    }

    public void OpenThinking(int index)
    {
        BeginBlock(index, "thinking"u8);
        _json.WriteString("thinking"u8, ""u8);
        _json.WriteString("signature"u8, ""u8);
        EndBlock();
    }

    /// <param name="index">Of the block.</param>
    /// <param name="data">A JSON string, with its quotes.</param>
    public void OpenRedacted(int index, ReadOnlySpan<byte> data)
    {
        BeginBlock(index, "redacted_thinking"u8);
        Raw("data"u8, data);
        EndBlock();
    }

    /// <param name="index">Of the block.</param>
    /// <param name="id">A JSON string, with its quotes.</param>
    /// <param name="name">Of the tool, the same.</param>
    public void OpenTool(int index, ReadOnlySpan<byte> id, ReadOnlySpan<byte> name)
    {
        BeginBlock(index, "tool_use"u8);
        Raw("id"u8, id);
        Raw("name"u8, name);
        _json.WriteStartObject("input"u8);
        _json.WriteEndObject();
        EndBlock();
    }

    /// <param name="index">Of the block.</param>
    /// <param name="text">A JSON string, with its quotes.</param>
    public void Text(int index, ReadOnlySpan<byte> text) => Delta(index, "text_delta"u8, "text"u8, text);

    public void Thinking(int index, ReadOnlySpan<byte> text) => Delta(index, "thinking_delta"u8, "thinking"u8, text);

    public void Signature(int index, ReadOnlySpan<byte> signature) => Delta(index, "signature_delta"u8, "signature"u8, signature);

    public void ToolInput(int index, ReadOnlySpan<byte> json) => Delta(index, "input_json_delta"u8, "partial_json"u8, json);

    public void Close(int index)
    {
        Begin("content_block_stop"u8);
        _json.WriteNumber("index"u8, index);
        End();
    }

    /// <summary>message_delta. Only when the provider's own end arrived, and the call is settled.</summary>
    /// <param name="stop">Why it ended.</param>
    /// <param name="usage">What is charged.</param>
    /// <param name="costNanoUsd">The customer's price.</param>
    public void Stop(MessagesStop stop, in TokenUsage usage, long costNanoUsd)
    {
        Begin("message_delta"u8);
        _json.WriteStartObject("delta"u8);
        stop.Write(_json);
        _json.WriteEndObject();
        _json.WritePropertyName("usage"u8);
        MessagesUsage.Write(_json, usage, costNanoUsd);
        End();
    }

    public void Clear()
    {
        _buffer.Clear();
        _ranges.Clear();
        _start = 0;
    }

    /// <summary>Adds the events written since <see cref="Clear"/> to a list. They are valid until the next <see cref="Clear"/>.</summary>
    public void AddTo(List<ReadOnlyMemory<byte>> events)
    {
        foreach (var range in _ranges)
        {
            events.Add(_buffer.WrittenMemory[range]);
        }
    }

    public void Dispose()
    {
        _json.Dispose();
        _buffer.Dispose();
    }

    private void Delta(int index, ReadOnlySpan<byte> type, ReadOnlySpan<byte> name, ReadOnlySpan<byte> text)
    {
        Begin("content_block_delta"u8);
        _json.WriteNumber("index"u8, index);
        _json.WriteStartObject("delta"u8);
        _json.WriteString("type"u8, type);
        Raw(name, text);
        _json.WriteEndObject();
        End();
    }

    private void Raw(ReadOnlySpan<byte> name, ReadOnlySpan<byte> json)
    {
        _json.WritePropertyName(name);
        _json.WriteRawValue(json, skipInputValidation: true);
    }

    private void BeginBlock(int index, ReadOnlySpan<byte> type)
    {
        Begin("content_block_start"u8);
        _json.WriteNumber("index"u8, index);
        _json.WriteStartObject("content_block"u8);
        _json.WriteString("type"u8, type);
    }

    private void EndBlock()
    {
        _json.WriteEndObject();
        End();
    }

    private void Begin(ReadOnlySpan<byte> type)
    {
        _json.Reset(_buffer);
        _json.WriteStartObject();
        _json.WriteString("type"u8, type);
    }

    private void End()
    {
        _json.WriteEndObject();
        _json.Flush();
        var end = _buffer.WrittenMemory.Length;
        _ranges.Add(_start..end);
        _start = end;
    }
}
