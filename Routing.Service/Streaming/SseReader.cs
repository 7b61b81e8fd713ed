using System.Buffers;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using LlmGateway.Routing.Calls;

namespace LlmGateway.Routing.Streaming;

/// <summary>One event's data. The memory is the reader's own, and valid until its next read.</summary>
/// <param name="Data">The data lines, joined by line feeds.</param>
/// <param name="Bare">Text that stood in the stream without a field name, as a JSON error tail does.</param>
internal readonly record struct SseEvent(ReadOnlyMemory<byte> Data, bool Bare);

internal enum SseRead
{
    /// <summary>The events that the bytes of this read completed: none, when it was a comment or part of an event.</summary>
    Events,

    /// <summary>The body ended cleanly. Events may hold a last one that no blank line followed.</summary>
    End,

    /// <summary>An event is larger than allowed.</summary>
    TooLarge,

    /// <summary>The answer ended in a fault: <see cref="IEventReader.Fault"/>.</summary>
    Broken,
}

/// <summary>
/// Server-sent events, by https://html.spec.whatwg.org/multipage/server-sent-events.html, as providers really send them:
/// <code>
/// : OPENROUTER PROCESSING          a comment
/// event: message                   ignored, the data says what it is
/// data:{"a":1}                     the space after the colon is optional
/// data: {"multi":                  several data lines are one text
/// data: "line"}
///                                  a blank line ends the event; LF, CRLF or CR end lines
/// {"error": …}                     no field at all: an error that a server appended to its stream
/// </code>
/// Works on bytes in one buffer from the array pool and hands out slices of it, all events of one read together: a chunk costs no
/// allocation. (System.Net.ServerSentEvents parses one event at a time, and drops lines without a known field unseen.)
/// </summary>
internal sealed class SseReader(Stream stream, int maxEventBytes) : IEventReader
{
    private const int FirstSize = 16 * 1024;
    private const byte Cr = (byte)'\r';
    private const byte Lf = (byte)'\n';

    private readonly List<SseEvent> _events = [];
    private byte[] _buffer = ArrayPool<byte>.Shared.Rent(FirstSize);
    private int _line;          // where the line being read starts
    private int _searched;      // no line end before this position
    private int _end;           // end of the received bytes
    private int _data = -1;     // where the open event's data starts; -1 without
    private int _dataEnd;
    private bool _skipLf;       // the last line ended in CR, and a LF right after it belongs to that end
    private bool _begun;
    private bool _bare;

    /// <summary>The events of the last read.</summary>
    public ReadOnlySpan<SseEvent> Events => CollectionsMarshal.AsSpan(_events);

    /// <summary>Bytes do not fail: what reads them judges.</summary>
    public CallFault? Fault => null;

    /// <summary>Bytes received so far.</summary>
    public long Received { get; private set; }

    /// <summary>
    /// Waits for the next bytes, and returns all events that arrived together. Bytes without an event return too: a comment says that the
    /// server lives, and the caller's timers are to know.
    /// </summary>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    public async ValueTask<SseRead> ReadAsync(CancellationToken cancellationToken)
    {
        _events.Clear();
        Compact();
        if (_end == _buffer.Length && !Grow())
        {
            return SseRead.TooLarge;
        }

        var count = await stream.ReadAsync(_buffer.AsMemory(_end), cancellationToken);
        if (count == 0)
        {
            Finish();
            return SseRead.End;
        }

        _end += count;
        Received += count;
        Parse();
        return SseRead.Events;
    }

    public void Dispose()
    {
        ArrayPool<byte>.Shared.Return(_buffer);
        _buffer = [];
    }

    private void Parse()
    {
        while (_searched < _end)
        {
            if (_skipLf)
            {
                _skipLf = false;
                if (_buffer[_line] == Lf)
                {
                    _searched = ++_line;
                    continue;
                }
            }

            var found = _buffer.AsSpan(_searched, _end - _searched).IndexOfAny(Cr, Lf);
            if (found < 0)
            {
                _searched = _end;
                return;
            }

            var lineEnd = _searched + found;
            _skipLf = _buffer[lineEnd] == Cr;
            Line(_line, lineEnd);
            _line = _searched = lineEnd + 1;
        }
    }

    private void Line(int start, int end)
    {
        if (!_begun)
        {
            _begun = true;
            start += _buffer.AsSpan(start, end - start).StartsWith("\uFEFF"u8) ? 3 : 0;
        }

        var line = _buffer.AsSpan(start, end - start);
        if (line.IsEmpty)
        {
            Dispatch();
        }
        else if (line.StartsWith("data:"u8))
        {
            var text = start + 5 + (line.Length > 5 && line[5] == ' ' ? 1 : 0);
            Append(text, end, bare: false);
        }
        else if (line[0] is (byte)'{' or (byte)'[')
        {
            Append(start, end, bare: true);
        }
        else if (_bare)
        {
            // The rest of a pretty-printed error.
            Append(start, end, bare: true);
        }
    }

    /// <summary>Adds a line to the open event. Later lines move left to the first one's end, over bytes already read.</summary>
    private void Append(int start, int end, bool bare)
    {
        _bare |= bare;
        if (_data < 0)
        {
            (_data, _dataEnd) = (start, end);
            return;
        }

        _buffer[_dataEnd++] = Lf;
        _buffer.AsSpan(start, end - start).CopyTo(_buffer.AsSpan(_dataEnd));
        _dataEnd += end - start;
    }

    private void Dispatch()
    {
        if (_data >= 0 && _dataEnd > _data)
        {
            _events.Add(new SseEvent(_buffer.AsMemory(_data, _dataEnd - _data), _bare));
        }

        _data = -1;
        _bare = false;
    }

    /// <summary>The body ended: what no blank line closed counts as an event, so that it is judged and not lost.</summary>
    private void Finish()
    {
        if (_line < _end)
        {
            Line(_line, _end);
            _line = _searched = _end;
        }

        Dispatch();
    }

    /// <summary>Moves what is unfinished to the buffer's front.</summary>
    private void Compact()
    {
        var keep = _data >= 0 ? _data : _line;
        if (keep == 0)
        {
            return;
        }

        _buffer.AsSpan(keep, _end - keep).CopyTo(_buffer);
        _line -= keep;
        _searched -= keep;
        _end -= keep;
        _dataEnd -= keep;
        _data = _data >= 0 ? 0 : -1;
    }

    private bool Grow()
    {
        Compact();
        if (_end < _buffer.Length)
        {
            return true;
        }

        if (_buffer.Length >= maxEventBytes)
        {
            return false;
        }

        var larger = ArrayPool<byte>.Shared.Rent(_buffer.Length * 2);
        _buffer.AsSpan(0, _end).CopyTo(larger);
        ArrayPool<byte>.Shared.Return(_buffer);
        _buffer = larger;
        return true;
    }
}
