using LlmGateway.Routing.Calls;

namespace LlmGateway.Routing.Streaming;

internal enum StreamStep
{
    /// <summary>Something was read, with or without an event in it; more may come.</summary>
    More,

    /// <summary>The provider's own end arrived. <see cref="IAnswerStream.Events"/> may hold the last events.</summary>
    Ended,

    /// <summary>The answer broke off: <see cref="IAnswerStream.Fault"/> says how. <see cref="IAnswerStream.Events"/> is what came before.</summary>
    Broken,
}

/// <summary>How far a client's stream had come when its answer broke off, so that the events of another answer go on from there.</summary>
internal abstract record StreamPlace;

/// <summary>A streamed answer as events in the client's dialect.</summary>
internal interface IAnswerStream : IDisposable
{
    /// <summary>The JSON of each event to relay, of the last read. Valid until the next one.</summary>
    IReadOnlyList<ReadOnlyMemory<byte>> Events { get; }

    /// <summary>Something that the client waits for has come: text, a tool call, or the reason why there is none.</summary>
    bool HasContent { get; }

    CallFault? Fault { get; }

    /// <summary>Where a client that got all events stands; null where no other answer's events could follow.</summary>
    StreamPlace? Place => null;

    /// <exception cref="IOException">The connection broke.</exception>
    /// <exception cref="OperationCanceledException">A timer ended, or the client left.</exception>
    ValueTask<StreamStep> ReadAsync(CancellationToken cancellationToken);

    /// <summary>The events that wait for the settlement, of an answer that <see cref="StreamStep.Ended"/>: all but the dialect's terminator.</summary>
    IReadOnlyList<ReadOnlyMemory<byte>> Close(TokenUsage usage, long costNanoUsd, bool includeUsage);
}
