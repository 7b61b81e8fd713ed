using System.Text;

namespace LlmGateway.Routing.Dialects.Messages;

/// <summary>
/// Puts the pieces of a chat answer into blocks. One block is open at a time, each is opened when its first piece comes, and the one before it
/// is closed then. Pieces of several tool calls may come mixed: those of a later call wait until the open one is complete.
/// </summary>
/// <param name="output">Where to.</param>
/// <param name="place">Where the client stands already; null at the beginning.</param>
internal sealed class MessagesBlocks(MessagesEvents output, MessagesPlace? place = null)
{
    private readonly List<Tool> _tools = [];
    private Kind _open = place is { IsOpen: true } ? Kind.Text : Kind.None;
    private Tool? _openTool;
    private int _index = place?.Index ?? -1;

    private enum Kind
    {
        None,
        Text,
        Thinking,
        Tool,
    }

    public bool HasTools => _tools.Count > 0;

    public MessagesPlace Place => new(_index, _open == Kind.Text);

    /// <param name="text">A JSON string, with its quotes.</param>
    public void Text(ReadOnlySpan<byte> text)
    {
        if (_open != Kind.Text)
        {
            Open(Kind.Text);
            output.OpenText(_index);
        }

        output.Text(_index, text);
    }

    public void Thinking(ReadOnlySpan<byte> text)
    {
        OpenThinking();
        output.Thinking(_index, text);
    }

    public void Signature(ReadOnlySpan<byte> signature)
    {
        OpenThinking();
        output.Signature(_index, signature);
    }

    public void Redacted(ReadOnlySpan<byte> data)
    {
        Open(Kind.None);
        output.OpenRedacted(++_index, data);
        output.Close(_index);
    }

    /// <param name="index">Of the tool call; null where the server leaves it out, and means a new call if there is an id.</param>
    /// <param name="id">A JSON string, with its quotes; empty when it came before.</param>
    /// <param name="name">The same.</param>
    /// <param name="arguments">A piece of them, the same.</param>
    /// <returns>False when the piece belongs to a call that cannot be added to any more.</returns>
    public bool ToolCall(int? index, ReadOnlySpan<byte> id, ReadOnlySpan<byte> name, ReadOnlySpan<byte> arguments)
    {
        var tool = Find(index, id.Length > 2);
        tool.Id = id.Length > 2 ? id.ToArray() : tool.Id;
        tool.Name = name.Length > 2 ? name.ToArray() : tool.Name;
        if (tool.IsClosed)
        {
            return arguments.Length <= 2 || arguments[1..^1].Trim(" nrt\\"u8).IsEmpty;
        }

        tool.Add(arguments);
        OpenNextTools();
        return true;
    }

    /// <summary>The answer is whole: what waited comes now.</summary>
    public void Finish()
    {
        foreach (var tool in _tools)
        {
            if (!tool.IsClosed && tool != _openTool)
            {
                Begin(tool);
            }

            Flush(tool);
        }

        Open(Kind.None);
    }

    private Tool Find(int? index, bool isNew)
    {
        var found = index is { } number ? _tools.Find(tool => tool.Number == number) : isNew ? null : _tools.LastOrDefault();
        if (found is null)
        {
            found = new Tool(index ?? _tools.Count);
            _tools.Add(found);
        }

        return found;
    }

    private void OpenNextTools()
    {
        foreach (var tool in _tools)
        {
            if (tool.IsClosed)
            {
                continue;
            }

            if (tool != _openTool)
            {
                if (_openTool is { IsComplete: false })
                {
                    return;
                }

                Begin(tool);
            }

            Flush(tool);
        }
    }

    private void Begin(Tool tool)
    {
        Open(Kind.Tool);
        _openTool = tool;
        output.OpenTool(_index, tool.Id ?? Encoding.ASCII.GetBytes($"\"toolu_{_index}\""), tool.Name ?? "\"\""u8);
    }

    private void Flush(Tool tool)
    {
        if (tool == _openTool && tool.Take() is { Length: > 2 } waiting)
        {
            output.ToolInput(_index, waiting);
        }
    }

    private void OpenThinking()
    {
        if (_open != Kind.Thinking)
        {
            Open(Kind.Thinking);
            output.OpenThinking(_index);
        }
    }

    private void Open(Kind kind)
    {
        if (_open != Kind.None)
        {
            output.Close(_index);
        }

        if (_openTool is not null)
        {
            _openTool.IsClosed = true;
            _openTool = null;
        }

        _index += kind == Kind.None ? 0 : 1;
        _open = kind;
    }

    private sealed class Tool(int number)
    {
        private JsonEnd _end;
        private byte[] _waiting = [];

        public int Number => number;

        public byte[]? Id { get; set; }

        public byte[]? Name { get; set; }

        public bool IsClosed { get; set; }

        public bool IsComplete => _end.IsComplete;

        public void Add(ReadOnlySpan<byte> arguments)
        {
            if (arguments.Length <= 2)
            {
                return;
            }

            _end.Read(arguments[1..^1]);
            _waiting = _waiting.Length == 0 ? arguments.ToArray() : [.. _waiting[..^1], .. arguments[1..]];
        }

        /// <summary>What has not been written yet, as one JSON string.</summary>
        public byte[] Take()
        {
            var waiting = _waiting;
            _waiting = [];
            return waiting;
        }
    }
}
