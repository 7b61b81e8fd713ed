using LlmGateway.Routing.Calls;

namespace LlmGateway.Routing.Streaming;

/// <summary>The events of a streamed answer, as <see cref="SseReader"/> reads them or as they are translated from another wire.</summary>
internal interface IEventReader : IDisposable
{
    /// <summary>The events of the last read. Their memory is valid until the next one.</summary>
    ReadOnlySpan<SseEvent> Events { get; }

    /// <summary>Why the answer ended, after <see cref="SseRead.Broken"/>. The events are what came before.</summary>
    CallFault? Fault { get; }

    /// <summary>Waits for the next bytes, and returns all events that arrived together.</summary>
    ValueTask<SseRead> ReadAsync(CancellationToken cancellationToken);
}
