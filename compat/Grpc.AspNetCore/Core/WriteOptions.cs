namespace Grpc.Core;

[Flags]
public enum WriteFlags
{
    None = 0,

    /// <summary>More messages follow at once: the message may wait for them instead of being flushed.</summary>
    BufferHint = 1,

    NoCompress = 2,
}

public class WriteOptions(WriteFlags flags = WriteFlags.None)
{
    public static readonly WriteOptions Default = new();

    public WriteFlags Flags { get; } = flags;
}
