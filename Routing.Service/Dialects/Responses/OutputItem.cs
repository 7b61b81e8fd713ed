using System.Buffers;
using System.Text.Json;
using LlmGateway.Routing.Providers;

namespace LlmGateway.Routing.Dialects.Responses;

/// <summary>One item of an answer's output, as far as it has come. Its texts are kept, because the end of a stream repeats them.</summary>
internal abstract class OutputItem(int index, string id) : IDisposable
{
    public const string InProgress = "in_progress";
    public const string Completed = "completed";

    /// <summary>Its place in the output.</summary>
    public int Index => index;

    public string Id => id;

    /// <summary>Its end was told.</summary>
    public bool IsDone { get; set; }

    /// <param name="json">Where to.</param>
    /// <param name="status">in_progress, completed or incomplete.</param>
    public abstract void Write(Utf8JsonWriter json, string status);

    /// <summary>Writes the events that end what is inside the item.</summary>
    public abstract void Close(EventWriter events);

    public abstract void Dispose();

    protected void WriteHead(Utf8JsonWriter json, string type)
    {
        json.WriteString("id"u8, Id);
        json.WriteString("type"u8, type);
    }

    protected void BeginEvent(EventWriter events, string type)
    {
        events.Begin(type);
        events.Json.WriteString("item_id"u8, Id);
        events.Json.WriteNumber("output_index"u8, Index);
    }
}

/// <summary>What the model says: text, and instead of it or after it a refusal. Each is one part of the message's content.</summary>
internal sealed class MessageItem(int index, string id) : OutputItem(index, id)
{
    private readonly List<(bool IsRefusal, PooledBuffer Text)> _parts = [];

    /// <summary>The first item of an output, of which the client has got some text.</summary>
    public MessageItem(string id, ReadOnlySpan<byte> text)
        : this(0, id)
    {
        var sent = new PooledBuffer(text.Length + 1024);
        sent.Write(text);
        _parts.Add((false, sent));
    }

    /// <param name="events">Null for a whole answer, which tells no deltas.</param>
    /// <param name="isRefusal">Else text.</param>
    /// <param name="value">At the string.</param>
    public void Add(EventWriter? events, bool isRefusal, ref Utf8JsonReader value)
    {
        if (_parts.Count == 0 || _parts[^1].IsRefusal != isRefusal)
        {
            if (events is not null && _parts.Count > 0)
            {
                ClosePart(events, _parts.Count - 1);
            }

            _parts.Add((isRefusal, new PooledBuffer(1024)));
            if (events is not null)
            {
                TellPart(events, "response.content_part.added", _parts.Count - 1, empty: true);
            }
        }

        var added = _parts[^1].Text.Append(ref value);
        if (events is null)
        {
            return;
        }

        BeginPart(events, isRefusal ? "response.refusal.delta" : "response.output_text.delta", _parts.Count - 1);
        events.Json.WriteString("delta"u8, added);
        WriteLogprobs(events.Json, isRefusal);
        events.End();
    }

    public override void Write(Utf8JsonWriter json, string status)
    {
        json.WriteStartObject();
        WriteHead(json, "message");
        json.WriteString("status"u8, status);
        json.WriteString("role"u8, "assistant"u8);
        json.WriteStartArray("content"u8);
        foreach (var (isRefusal, text) in _parts)
        {
            WritePart(json, isRefusal, text.WrittenMemory.Span);
        }

        json.WriteEndArray();
        json.WriteEndObject();
    }

    public override void Close(EventWriter events) => ClosePart(events, _parts.Count - 1);

    public override void Dispose() => _parts.ForEach(part => part.Text.Dispose());

    private void ClosePart(EventWriter events, int part)
    {
        var (isRefusal, text) = _parts[part];
        BeginPart(events, isRefusal ? "response.refusal.done" : "response.output_text.done", part);
        events.Json.WriteString(isRefusal ? "refusal"u8 : "text"u8, text.WrittenMemory.Span);
        WriteLogprobs(events.Json, isRefusal);
        events.End();
        TellPart(events, "response.content_part.done", part, empty: false);
    }

    private void TellPart(EventWriter events, string type, int part, bool empty)
    {
        BeginPart(events, type, part);
        events.Json.WritePropertyName("part"u8);
        WritePart(events.Json, _parts[part].IsRefusal, empty ? default : _parts[part].Text.WrittenMemory.Span);
        events.End();
    }

    private void BeginPart(EventWriter events, string type, int part)
    {
        BeginEvent(events, type);
        events.Json.WriteNumber("content_index"u8, part);
    }

    private static void WritePart(Utf8JsonWriter json, bool isRefusal, ReadOnlySpan<byte> text)
    {
        json.WriteStartObject();
        json.WriteString("type"u8, isRefusal ? "refusal"u8 : "output_text"u8);
        json.WriteString(isRefusal ? "refusal"u8 : "text"u8, text);
        if (!isRefusal)
        {
            json.WriteStartArray("annotations"u8);
            json.WriteEndArray();
        }

        WriteLogprobs(json, isRefusal);
        json.WriteEndObject();
    }

    private static void WriteLogprobs(Utf8JsonWriter json, bool isRefusal)
    {
        if (!isRefusal)
        {
            json.WriteStartArray("logprobs"u8);
            json.WriteEndArray();
        }
    }
}

/// <summary>What the model thinks, as far as its provider shows it: one part of a summary.</summary>
internal sealed class ReasoningItem(int index, string id) : OutputItem(index, id)
{
    private readonly PooledBuffer _text = new(1024);

    public void Add(EventWriter? events, ref Utf8JsonReader value)
    {
        if (events is not null && _text.WrittenMemory.IsEmpty)
        {
            TellPart(events, "response.reasoning_summary_part.added", default);
        }

        var added = _text.Append(ref value);
        if (events is not null)
        {
            BeginPart(events, "response.reasoning_summary_text.delta");
            events.Json.WriteString("delta"u8, added);
            events.End();
        }
    }

    public override void Write(Utf8JsonWriter json, string status)
    {
        json.WriteStartObject();
        WriteHead(json, "reasoning");
        json.WriteStartArray("summary"u8);
        if (!_text.WrittenMemory.IsEmpty)
        {
            WritePart(json, _text.WrittenMemory.Span);
        }

        json.WriteEndArray();
        json.WriteEndObject();
    }

    public override void Close(EventWriter events)
    {
        BeginPart(events, "response.reasoning_summary_text.done");
        events.Json.WriteString("text"u8, _text.WrittenMemory.Span);
        events.End();
        TellPart(events, "response.reasoning_summary_part.done", _text.WrittenMemory.Span);
    }

    public override void Dispose() => _text.Dispose();

    private void TellPart(EventWriter events, string type, ReadOnlySpan<byte> text)
    {
        BeginPart(events, type);
        events.Json.WritePropertyName("part"u8);
        WritePart(events.Json, text);
        events.End();
    }

    private void BeginPart(EventWriter events, string type)
    {
        BeginEvent(events, type);
        events.Json.WriteNumber("summary_index"u8, 0);
    }

    private static void WritePart(Utf8JsonWriter json, ReadOnlySpan<byte> text)
    {
        json.WriteStartObject();
        json.WriteString("type"u8, "summary_text"u8);
        json.WriteString("text"u8, text);
        json.WriteEndObject();
    }
}

/// <summary>A call of one of the client's functions.</summary>
internal sealed class FunctionCallItem(int index, string id, string callId, string name) : OutputItem(index, id)
{
    private readonly PooledBuffer _arguments = new(256);

    public void Add(EventWriter? events, ref Utf8JsonReader value)
    {
        var added = _arguments.Append(ref value);
        if (events is not null && !added.IsEmpty)
        {
            BeginEvent(events, "response.function_call_arguments.delta");
            events.Json.WriteString("delta"u8, added);
            events.End();
        }
    }

    public override void Write(Utf8JsonWriter json, string status)
    {
        json.WriteStartObject();
        WriteHead(json, "function_call");
        json.WriteString("status"u8, status);
        json.WriteString("call_id"u8, callId);
        json.WriteString("name"u8, name);
        json.WriteString("arguments"u8, _arguments.WrittenMemory.Span);
        json.WriteEndObject();
    }

    public override void Close(EventWriter events)
    {
        BeginEvent(events, "response.function_call_arguments.done");
        events.Json.WriteString("name"u8, name);
        events.Json.WriteString("arguments"u8, _arguments.WrittenMemory.Span);
        events.End();
    }

    public override void Dispose() => _arguments.Dispose();
}
