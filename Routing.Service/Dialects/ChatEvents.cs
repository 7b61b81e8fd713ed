using System.Buffers;
using System.Text.Encodings.Web;
using System.Text.Json;
using LlmGateway.Routing.Providers;
using LlmGateway.Routing.Streaming;

namespace LlmGateway.Routing.Dialects;

/// <summary>
/// The chunks of OpenAI's chat stream that a translated answer consists of, in one buffer that is used again for each read.
/// Texts come straight from the provider's JSON: nothing becomes a string on the way.
/// </summary>
internal sealed class ChatEvents(string model, long created) : IDisposable
{
    private static readonly JsonWriterOptions Options = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, SkipValidation = true };

    private readonly PooledBuffer _buffer = new(4096);
    private readonly List<Range> _ranges = [];
    private readonly Utf8JsonWriter _json = new(Stream.Null, Options);
    private int _start;

    /// <summary>Of the answer, on every chunk. Set before the first one.</summary>
    public string Id { get; set; } = "";

    public string Model => model;

    /// <summary>Seconds since 1970.</summary>
    public long Created => created;

    /// <summary>{"role":"assistant","content":""}: the first chunk.</summary>
    public void Role()
    {
        BeginDelta();
        _json.WriteString("role"u8, "assistant"u8);
        _json.WriteString("content"u8, ""u8);
        EndDelta();
    }

    /// <param name="value">At the text's string.</param>
    public void Content(ref Utf8JsonReader value) => Text("content"u8, ref value);

    public void Content(ReadOnlySpan<byte> text)
    {
        BeginDelta();
        _json.WriteString("content"u8, text);
        EndDelta();
    }

    /// <summary>What the model thinks, by the name that most clients read: reasoning_content.</summary>
    public void Reasoning(ref Utf8JsonReader value) => Text("reasoning_content"u8, ref value);

    public void Reasoning(ReadOnlySpan<byte> text)
    {
        BeginDelta();
        _json.WriteString("reasoning_content"u8, text);
        EndDelta();
    }

    /// <param name="value">At the refusal's string.</param>
    public void Refusal(ref Utf8JsonReader value) => Text("refusal"u8, ref value);

    /// <param name="index">Of the tool call, from 0.</param>
    /// <param name="id">Of the tool call.</param>
    /// <param name="name">Of the function.</param>
    /// <param name="arguments">JSON as far as it is known; empty when it follows.</param>
    /// <param name="thoughtSignature">To be sent back with the call, where Google's own OpenAI layer has it; null without one.</param>
    public void ToolCall(int index, string id, string name, ReadOnlySpan<byte> arguments, string? thoughtSignature = null)
    {
        BeginDelta();
        BeginTool(index);
        _json.WriteString("id"u8, id);
        _json.WriteString("type"u8, "function"u8);
        _json.WriteStartObject("function"u8);
        _json.WriteString("name"u8, name);
        _json.WriteString("arguments"u8, arguments);
        _json.WriteEndObject();
        GoogleExtra.Write(_json, thoughtSignature);
        EndToolCall();
    }

    /// <param name="index">Of the tool call.</param>
    /// <param name="value">At the string with a piece of its arguments.</param>
    public void ToolArguments(int index, ref Utf8JsonReader value)
    {
        BeginDelta();
        BeginTool(index);
        _json.WriteStartObject("function"u8);
        JsonText.Copy("arguments"u8, ref value, _json);
        EndTool();
    }

    public void ToolArguments(int index, ReadOnlySpan<byte> arguments)
    {
        BeginDelta();
        BeginTool(index);
        _json.WriteStartObject("function"u8);
        _json.WriteString("arguments"u8, arguments);
        EndTool();
    }

    /// <summary>A delta of the provider's own making, for what has no method here.</summary>
    /// <param name="write">Writes the members of the delta.</param>
    public void Delta(Action<Utf8JsonWriter> write)
    {
        BeginDelta();
        write(_json);
        EndDelta();
    }

    /// <summary>Only when the provider's terminal event arrived; <see cref="Terminator"/> follows.</summary>
    public void Finish(string reason)
    {
        BeginDelta();
        EndDelta(reason);
    }

    /// <summary>A chunk with empty choices and the usage.</summary>
    public void Usage(in ReportedUsage usage)
    {
        Begin();
        _json.WriteStartArray("choices"u8);
        _json.WriteEndArray();
        _json.WritePropertyName("usage"u8);
        ChatUsage.Write(_json, usage);
        End();
    }

    /// <summary>An event that is in OpenAI's chat wire already.</summary>
    public void Raw(ReadOnlySpan<byte> json)
    {
        _buffer.Write(json);
        Mark();
    }

    /// <summary>[DONE]</summary>
    public void Terminator()
    {
        _buffer.Write("[DONE]"u8);
        Mark();
    }

    public void Clear()
    {
        _buffer.Clear();
        _ranges.Clear();
        _start = 0;
    }

    /// <summary>Adds the chunks written since <see cref="Clear"/> to a list. They are valid until the next <see cref="Clear"/>.</summary>
    public void AddTo(List<SseEvent> events)
    {
        foreach (var range in _ranges)
        {
            events.Add(new SseEvent(_buffer.WrittenMemory[range], Bare: false));
        }
    }

    public void Dispose()
    {
        _json.Dispose();
        _buffer.Dispose();
    }

    private void Text(ReadOnlySpan<byte> name, ref Utf8JsonReader value)
    {
        BeginDelta();
        JsonText.Copy(name, ref value, _json);
        EndDelta();
    }

    private void BeginTool(int index)
    {
        _json.WriteStartArray("tool_calls"u8);
        _json.WriteStartObject();
        _json.WriteNumber("index"u8, index);
    }

    private void EndTool()
    {
        _json.WriteEndObject();
        EndToolCall();
    }

    private void EndToolCall()
    {
        _json.WriteEndObject();
        _json.WriteEndArray();
        EndDelta();
    }

    private void BeginDelta()
    {
        Begin();
        _json.WriteStartArray("choices"u8);
        _json.WriteStartObject();
        _json.WriteNumber("index"u8, 0);
        _json.WriteStartObject("delta"u8);
    }

    private void EndDelta(string? finish = null)
    {
        _json.WriteEndObject();
        _json.WriteNull("logprobs"u8);
        _json.WriteString("finish_reason"u8, finish);
        _json.WriteEndObject();
        _json.WriteEndArray();
        End();
    }

    private void Begin()
    {
        _json.Reset(_buffer);
        _json.WriteStartObject();
        _json.WriteString("id"u8, Id);
        _json.WriteString("object"u8, "chat.completion.chunk"u8);
        _json.WriteNumber("created"u8, created);
        _json.WriteString("model"u8, model);
    }

    private void End()
    {
        _json.WriteEndObject();
        _json.Flush();
        Mark();
    }

    private void Mark()
    {
        var end = _buffer.WrittenMemory.Length;
        _ranges.Add(_start..end);
        _start = end;
    }
}
