using LlmGateway.Routing.Calls;
using LlmGateway.Routing.Dialects;
using LlmGateway.Routing.Providers;

namespace LlmGateway.Routing.Streaming;

/// <summary>A chat's stream as that of a legacy completion.</summary>
internal sealed class CompletionStream(ChatStream chat) : IAnswerStream
{
    private readonly PooledBuffer _buffer = new(1024);
    private readonly List<Range> _ranges = [];
    private readonly List<ReadOnlyMemory<byte>> _events = [];

    public IReadOnlyList<ReadOnlyMemory<byte>> Events => _events;

    public bool HasContent => chat.HasContent;

    public CallFault? Fault => chat.Fault;

    public async ValueTask<StreamStep> ReadAsync(CancellationToken cancellationToken)
    {
        _events.Clear();
        var step = await chat.ReadAsync(cancellationToken);
        _buffer.Clear();
        _events.AddRange(Translate(chat.Events));
        return step;
    }

    public IReadOnlyList<ReadOnlyMemory<byte>> Close(TokenUsage usage, long costNanoUsd, bool includeUsage)
    {
        _buffer.Clear();
        return Translate(chat.Close(usage, costNanoUsd, includeUsage));
    }

    public void Dispose()
    {
        chat.Dispose();
        _buffer.Dispose();
    }

    // The buffer may move while it is written.
    private List<ReadOnlyMemory<byte>> Translate(IReadOnlyList<ReadOnlyMemory<byte>> events)
    {
        _ranges.Clear();
        foreach (var item in events)
        {
            var start = _buffer.WrittenMemory.Length;
            if (CompletionText.Write(item.Span, _buffer))
            {
                _ranges.Add(start.._buffer.WrittenMemory.Length);
            }
        }

        return [.. _ranges.Select(range => _buffer.WrittenMemory[range])];
    }
}
