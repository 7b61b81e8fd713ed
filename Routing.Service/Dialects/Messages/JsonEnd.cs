using System.Buffers.Text;

namespace LlmGateway.Routing.Dialects.Messages;

/// <summary>
/// Knows whether a JSON object that comes in pieces is complete, from the insides of the JSON strings that carry it. Of tool calls whose pieces
/// come mixed, the next may begin when the one before has ended.
/// </summary>
internal struct JsonEnd
{
    private int _depth;
    private bool _inText;
    private bool _escaped;

    public bool IsComplete { get; private set; }

    /// <param name="inner">What stands between the quotes of a JSON string, escapes and all.</param>
    public void Read(ReadOnlySpan<byte> inner)
    {
        while (!inner.IsEmpty)
        {
            if (inner[0] != (byte)'\\' || inner.Length < 2)
            {
                Read(inner[0]);
                inner = inner[1..];
            }
            else if (inner[1] == (byte)'u' && inner.Length >= 6)
            {
                Read(Utf8Parser.TryParse(inner[2..6], out ushort unit, out _, 'X') && unit < 0x80 ? (byte)unit : (byte)'x');
                inner = inner[6..];
            }
            else
            {
                // \" \\ and \/ stand for themselves; \n and the like are blanks, or no JSON.
                Read(inner[1] is (byte)'"' or (byte)'\\' or (byte)'/' ? inner[1] : (byte)' ');
                inner = inner[2..];
            }
        }
    }

    private void Read(byte value)
    {
        if (_escaped)
        {
            _escaped = false;
        }
        else if (_inText)
        {
            _escaped = value == (byte)'\\';
            _inText = value != (byte)'"';
        }
        else if (value == (byte)'"')
        {
            _inText = true;
        }
        else if (value is (byte)'{' or (byte)'[')
        {
            _depth++;
        }
        else if (value is (byte)'}' or (byte)']')
        {
            IsComplete |= --_depth <= 0;
        }
    }
}
