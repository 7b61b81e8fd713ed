using System.Threading.Channels;

namespace LlmGateway.Gateway.Authentication;

/// <summary>When a key was last used here.</summary>
internal sealed class LastUse(string keyId)
{
    private long _at;
    private int _listed;

    public string KeyId => keyId;

    /// <summary>A timestamp.</summary>
    public long At => Volatile.Read(ref _at);

    /// <summary>True for the first use since the last <see cref="Unlist"/>.</summary>
    public bool Note(long now)
    {
        Volatile.Write(ref _at, now);
        return Volatile.Read(ref _listed) == 0 && Interlocked.Exchange(ref _listed, 1) == 0;
    }

    public void Unlist() => Interlocked.Exchange(ref _listed, 0);
}

/// <summary>The keys used since the last report. What a request adds to it is one write, and once per report a place in a queue.</summary>
internal sealed class UseLog(int capacity)
{
    private readonly Channel<LastUse> _used = Channel.CreateBounded<LastUse>(capacity);

    public void Note(LastUse use, long now)
    {
        // Without room it is tried again at the key's next use.
        if (use.Note(now) && !_used.Writer.TryWrite(use))
        {
            use.Unlist();
        }
    }

    public bool TryTake(out string keyId, out long at)
    {
        var taken = _used.Reader.TryRead(out var use);
        use?.Unlist();
        (keyId, at) = (use?.KeyId ?? "", use?.At ?? 0);
        return taken;
    }
}
