using System.Globalization;
using System.Text.Json;

namespace LlmGateway.Routing.Dialects.Responses;

/// <summary>
/// The output's items, made of OpenAI's chat wire: of a stream's chunks one after the other, or of a whole answer's one message. One item of
/// text or reasoning is open at a time. Calls stay open until the end, because their pieces may come in any order.
/// </summary>
/// <param name="tail">The end of the items' ids, the same for all of one answer.</param>
/// <param name="events">Gets the events; null for a whole answer.</param>
/// <param name="first">Told already, with or without its end; null at the beginning.</param>
internal sealed class ResponseOutput(string tail, EventWriter? events, MessageItem? first = null) : IDisposable
{
    private readonly List<OutputItem> _items = first is null ? [] : [first];
    private readonly List<(int Index, FunctionCallItem Item)> _calls = [];
    private OutputItem? _open = first is { IsDone: false } ? first : null;

    public IReadOnlyList<OutputItem> Items => _items;

    /// <summary>The message, where there is nothing else; null otherwise.</summary>
    public MessageItem? OnlyMessage => _items is [MessageItem message] ? message : null;

    /// <summary>The last finish_reason; null before one came.</summary>
    public string? FinishReason { get; private set; }

    /// <param name="chat">A chunk, or a whole answer.</param>
    public void Read(ReadOnlySpan<byte> chat)
    {
        var reader = new Utf8JsonReader(chat);
        reader.Read();
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var isChoices = reader.ValueTextEquals("choices"u8);
            reader.Read();
            if (!isChoices || reader.TokenType != JsonTokenType.StartArray)
            {
                reader.Skip();
                continue;
            }

            while (reader.Read() && reader.TokenType == JsonTokenType.StartObject)
            {
                ReadChoice(ref reader);
            }
        }
    }

    /// <summary>Tells the end of every item that is open still.</summary>
    /// <param name="status">Of the last one.</param>
    public void Close(string status)
    {
        foreach (var item in _items.Where(item => !item.IsDone))
        {
            Done(item, item == _items[^1] ? status : OutputItem.Completed);
        }
    }

    public void Dispose() => _items.ForEach(item => item.Dispose());

    private void ReadChoice(ref Utf8JsonReader reader)
    {
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var isContent = reader.ValueTextEquals("delta"u8) || reader.ValueTextEquals("message"u8);
            var isFinish = reader.ValueTextEquals("finish_reason"u8);
            reader.Read();
            if (isContent && reader.TokenType == JsonTokenType.StartObject)
            {
                ReadContent(ref reader);
                continue;
            }

            FinishReason = isFinish && reader.TokenType == JsonTokenType.String && reader.ValueSpan.Length > 0 ? reader.GetString() : FinishReason;
            reader.Skip();
        }
    }

    // What a model thinks comes before what it says, whichever order a server writes them in: a whole answer has both in one object.
    private void ReadContent(ref Utf8JsonReader reader)
    {
        Utf8JsonReader reasoning = default, content = default, refusal = default, calls = default;
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            if (reader.ValueTextEquals("reasoning_content"u8) || reader.ValueTextEquals("reasoning"u8))
            {
                // Servers that have both write the same into both.
                Keep(ref reader, ref reasoning, JsonTokenType.String);
            }
            else if (reader.ValueTextEquals("content"u8))
            {
                Keep(ref reader, ref content, JsonTokenType.String);
            }
            else if (reader.ValueTextEquals("refusal"u8))
            {
                Keep(ref reader, ref refusal, JsonTokenType.String);
            }
            else if (reader.ValueTextEquals("tool_calls"u8))
            {
                Keep(ref reader, ref calls, JsonTokenType.StartArray);
            }
            else
            {
                reader.Read();
                reader.Skip();
            }
        }

        Add(ref reasoning, ref content, ref refusal);
        while (calls.TokenType != JsonTokenType.None && calls.Read() && calls.TokenType == JsonTokenType.StartObject)
        {
            ReadCall(ref calls);
        }
    }

    private void Add(ref Utf8JsonReader reasoning, ref Utf8JsonReader content, ref Utf8JsonReader refusal)
    {
        if (reasoning.TokenType == JsonTokenType.String)
        {
            (_open as ReasoningItem ?? Open(new ReasoningItem(_items.Count, Id("rs")))).Add(events, ref reasoning);
        }

        if (content.TokenType == JsonTokenType.String)
        {
            (_open as MessageItem ?? Open(new MessageItem(_items.Count, Id("msg")))).Add(events, isRefusal: false, ref content);
        }

        if (refusal.TokenType == JsonTokenType.String)
        {
            (_open as MessageItem ?? Open(new MessageItem(_items.Count, Id("msg")))).Add(events, isRefusal: true, ref refusal);
        }
    }

    // {"index":0,"id":"call_1","type":"function","function":{"name":"f","arguments":"{"}}, and later ones without id and name.
    private void ReadCall(ref Utf8JsonReader reader)
    {
        int? index = null;
        string? id = null, name = null;
        Utf8JsonReader arguments = default;
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            if (reader.ValueTextEquals("index"u8))
            {
                reader.Read();
                index = reader.TokenType == JsonTokenType.Number && reader.TryGetInt32(out var written) ? written : null;
                reader.Skip();
            }
            else if (reader.ValueTextEquals("id"u8))
            {
                reader.Read();
                id = reader.TokenType == JsonTokenType.String ? reader.GetString() : null;
                reader.Skip();
            }
            else if (reader.ValueTextEquals("function"u8))
            {
                ReadFunction(ref reader, ref name, ref arguments);
            }
            else
            {
                reader.Read();
                reader.Skip();
            }
        }

        if (Call(index, id, name) is { } call && arguments.TokenType == JsonTokenType.String)
        {
            call.Add(events, ref arguments);
        }
    }

    private static void ReadFunction(ref Utf8JsonReader reader, ref string? name, ref Utf8JsonReader arguments)
    {
        reader.Read();
        if (reader.TokenType != JsonTokenType.StartObject)
        {
            reader.Skip();
            return;
        }

        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            if (reader.ValueTextEquals("arguments"u8))
            {
                Keep(ref reader, ref arguments, JsonTokenType.String);
            }
            else
            {
                var isName = reader.ValueTextEquals("name"u8);
                reader.Read();
                name = isName && reader.TokenType == JsonTokenType.String ? reader.GetString() : name;
                reader.Skip();
            }
        }
    }

    /// <summary>The call that a piece belongs to. Servers that leave the index out begin a new one with each id.</summary>
    private FunctionCallItem? Call(int? index, string? id, string? name)
    {
        var known = index is null && id is null ? _calls.Count - 1 : _calls.FindIndex(call => call.Index == (index ?? -1));
        if (known >= 0)
        {
            return _calls[known].Item;
        }

        if (id is null && name is null)
        {
            return null;
        }

        CloseOpen();
        var item = new FunctionCallItem(_items.Count, Id("fc"), id is { Length: > 0 } ? id : Id("call"), name ?? "");
        _calls.Add((index ?? _calls.Count, item));
        Add(item);
        return item;
    }

    private T Open<T>(T item)
        where T : OutputItem
    {
        CloseOpen();
        _open = item;
        Add(item);
        return item;
    }

    private void Add(OutputItem item)
    {
        _items.Add(item);
        Tell("response.output_item.added", item, OutputItem.InProgress);
    }

    private void CloseOpen()
    {
        if (_open is { } item)
        {
            Done(item, OutputItem.Completed);
            _open = null;
        }
    }

    private void Done(OutputItem item, string status)
    {
        item.IsDone = true;
        if (events is not null)
        {
            item.Close(events);
            Tell("response.output_item.done", item, status);
        }
    }

    private void Tell(string type, OutputItem item, string status)
    {
        if (events is not null)
        {
            events.Begin(type);
            events.Json.WriteNumber("output_index"u8, item.Index);
            events.Json.WritePropertyName("item"u8);
            item.Write(events.Json, status);
            events.End();
        }
    }

    private string Id(string kind) => string.Create(CultureInfo.InvariantCulture, $"{kind}_{tail}{_items.Count}");

    /// <summary>Remembers a value's place when it is of the wanted kind, not empty, and the first.</summary>
    private static void Keep(ref Utf8JsonReader reader, ref Utf8JsonReader place, JsonTokenType kind)
    {
        reader.Read();
        if (reader.TokenType == kind && place.TokenType == JsonTokenType.None && (kind != JsonTokenType.String || reader.ValueSpan.Length > 0))
        {
            place = reader;
        }

        reader.Skip();
    }
}
