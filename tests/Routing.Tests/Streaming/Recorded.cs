using System.Text;

namespace LlmGateway.Routing.Tests.Streaming;

/// <summary>A stream as api.openai.com sends it, with a character of every UTF-8 length.</summary>
internal static class Recorded
{
    private const string Head = "\"id\":\"chatcmpl-1\",\"object\":\"chat.completion.chunk\",\"created\":1763683200,\"model\":\"gpt-4o-2024-08-06\",\"system_fingerprint\":\"fp_1\"";

    public static string[] Contents { get; } =
    [
        Chunk("""{"role":"assistant","content":"","refusal":null}"""),
        Chunk("""{"content":"Grüße"}"""),
        Chunk("""{"content":", 世界 "}"""),
        Chunk("""{"content":"🚀\n\"end\""}"""),
    ];

    public static string Finish { get; } = Chunk("{}", "\"stop\"");

    public static string Usage { get; } =
        $$$$"""{{{{{Head}}}},"choices":[],"usage":{"prompt_tokens":9,"completion_tokens":5,"total_tokens":14,"prompt_tokens_details":{"cached_tokens":2}}}""";

    public static byte[] Stream { get; } = Bytes([.. Contents, Finish, Usage, "[DONE]"]);

    public static byte[] Bytes(params string[] events) => Encoding.UTF8.GetBytes(string.Concat(events.Select(json => $"data: {json}\n\n")));

    public static string Chunk(string delta, string finish = "null") =>
        $$"""{{{Head}},"choices":[{"index":0,"delta":{{delta}},"logprobs":null,"finish_reason":{{finish}}}],"usage":null}""";
}

/// <summary>A response's body that arrives in given pieces, and ends cleanly or by a broken connection.</summary>
internal sealed class PiecesStream(byte[] bytes, IEnumerable<int> cuts, bool breaks = false) : Stream
{
    private readonly List<int> _ends = [.. cuts.Select(cut => (int)((uint)cut % (bytes.Length + 1))).Append(bytes.Length).Distinct().Order()];
    private int _position;

    public override bool CanRead => true;

    public override bool CanSeek => false;

    public override bool CanWrite => false;

    public override long Length => throw new NotSupportedException();

    public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

    public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        var end = _ends.Find(end => end > _position);
        if (end == 0)
        {
            return breaks ? throw new IOException("The connection broke.") : ValueTask.FromResult(0);
        }

        var count = Math.Min(buffer.Length, end - _position);
        bytes.AsMemory(_position, count).CopyTo(buffer);
        _position += count;
        return ValueTask.FromResult(count);
    }

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override void Flush()
    {
    }

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
}
