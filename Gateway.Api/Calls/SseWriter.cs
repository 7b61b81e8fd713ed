using System.Buffers;
using System.IO.Pipelines;

namespace LlmGateway.Gateway.Calls;

/// <summary>
/// Server-sent events as the official clients read them: <c>data: {json}</c>, a blank line after each, LF only. Writes straight into
/// the response's pipe, makes no strings and no copies of its own; nothing leaves before <see cref="FlushAsync"/>.
/// </summary>
internal readonly struct SseWriter(PipeWriter output)
{
    /// <param name="name">For the event: line.</param>
    /// <param name="json">The data.</param>
    public void Event(ReadOnlySpan<byte> name, ReadOnlySpan<byte> json)
    {
        output.Write("event: "u8);
        output.Write(name);
        output.Write("\n"u8);
        Event(json);
    }

    public void Event(ReadOnlySpan<byte> json)
    {
        output.Write("data: "u8);
        if (json.ContainsAny((byte)'\n', (byte)'\r'))
        {
            OnOneLine(json);
        }
        else
        {
            output.Write(json);
        }

        output.Write("\n\n"u8);
    }

    /// <summary>A line that every client skips: tells proxies on the way that the call is alive.</summary>
    public void KeepAlive() => output.Write(": keep-alive\n\n"u8);

    /// <summary>
    /// Says that the answer is whole. Not flushed: it leaves together with the end of the body, because openai-node 7 hangs up
    /// as soon as it has seen it and older ones wait for the end.
    /// </summary>
    public void Done() => output.Write("data: [DONE]\n\n"u8);

    public ValueTask<FlushResult> FlushAsync(CancellationToken cancellationToken) => output.FlushAsync(cancellationToken);

    // A line break would end the event in its middle. In valid JSON it can only be white space between tokens.
    private void OnOneLine(ReadOnlySpan<byte> json)
    {
        while (!json.IsEmpty)
        {
            var target = output.GetSpan();
            var length = Math.Min(target.Length, json.Length);
            json[..length].CopyTo(target);
            target = target[..length];
            target.Replace((byte)'\n', (byte)' ');
            target.Replace((byte)'\r', (byte)' ');
            output.Advance(length);
            json = json[length..];
        }
    }
}
