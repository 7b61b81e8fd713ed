using System.Runtime.CompilerServices;
using LlmGateway.Protos.Routing.V1;
using LlmGateway.Routing.Calls;
using LlmGateway.Routing.Catalog;
using LlmGateway.Routing.Dialects;
using LlmGateway.Routing.Providers.OpenAi;

namespace LlmGateway.Routing.Streaming;

/// <summary>
/// A streamed answer in OpenAI's chat wire, as events to relay. What a client must not see stays here: the usage chunk, which is
/// metered and sent at the end with its cost; usage on other chunks; chunks with empty choices (Azure's first); errors and garbage, which end
/// the answer; the terminator.
/// </summary>
internal sealed class ChatStream(IEventReader reader, int choices, Deployment deployment, UsageMeter meter, SentText? sent = null) : IAnswerStream
{
    private readonly StreamState _state = new(choices);
    private readonly List<ReadOnlyMemory<byte>> _events = [];

    // The provider's last usage chunk, whole; empty when its usage came otherwise or not at all.
    private ReadOnlyMemory<byte> _usageChunk;

    // The provider's last usage object.
    private ReadOnlyMemory<byte> _usage;

    // For the head of a usage chunk that the provider did not send.
    private ReadOnlyMemory<byte> _firstChunk;

    public IReadOnlyList<ReadOnlyMemory<byte>> Events => _events;

    public bool HasContent { get; private set; }

    public CallFault? Fault { get; private set; }

    public StreamPlace? Place => _firstChunk.IsEmpty ? null : new ChatPlace(_firstChunk);

    // Once a chunk: a state machine of its own each time would be the relay's only garbage.
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    public async ValueTask<StreamStep> ReadAsync(CancellationToken cancellationToken)
    {
        _events.Clear();
        var read = await reader.ReadAsync(cancellationToken);
        foreach (ref readonly var item in reader.Events)
        {
            if (_state.Terminated)
            {
                break;
            }

            if (Take(item) is { } fault)
            {
                return Break(fault);
            }
        }

        if (_state.Terminated)
        {
            return StreamStep.Ended;
        }

        return read switch
        {
            SseRead.Events => StreamStep.More,
            SseRead.End when _state.MayEnd => StreamStep.Ended,
            SseRead.End => Break(Error("ended its answer without finishing it")),
            SseRead.TooLarge => Break(Error("sent an event that is too large")),
            SseRead.Broken => Break(reader.Fault!),
            _ => throw new ArgumentOutOfRangeException(nameof(cancellationToken), read, "Not a way to read."),
        };
    }

    public IReadOnlyList<ReadOnlyMemory<byte>> Close(TokenUsage usage, long costNanoUsd, bool includeUsage) =>
        includeUsage ? [ChatAnswer.UsageChunk(_usageChunk, _usage.Span, _firstChunk, usage, costNanoUsd)] : [];

    public void Dispose() => reader.Dispose();

    private CallFault? Take(in SseEvent item)
    {
        var json = item.Data;
        if (json.Span.SequenceEqual("[DONE]"u8))
        {
            _state.Terminator();
            return null;
        }

        if (!ChatChunk.TryRead(json.Span, out var chunk))
        {
            return Error("sent an event that cannot be read");
        }

        if (chunk.Error is { } error)
        {
            return OpenAiErrors.ClassifyEvent(json.Span[error], deployment);
        }

        if (item.Bare)
        {
            return Error("sent text that is no event");
        }

        Meter(json, chunk);
        return chunk.Choices == 0 ? null : sent is null ? Relay(json, json, chunk) : RelayAfter(sent, json, chunk);
    }

    private CallFault? RelayAfter(SentText sent, ReadOnlyMemory<byte> json, in ChatChunk chunk)
    {
        try
        {
            var (rest, fault) = sent.Take(json, chunk);
            return fault ?? Relay(json, rest, chunk);
        }
        catch (Exception e) when (Malformed.Is(e))
        {
            return Error("sent an event that cannot be read");
        }
    }

    private void Meter(ReadOnlyMemory<byte> json, in ChatChunk chunk)
    {
        if (chunk.UsageRange is { } usage)
        {
            meter.Report(chunk.Usage);
            _usage = json[usage].ToArray();
            _usageChunk = chunk is { HasChoices: true, Choices: 0 } && sent is not { Resumed: true } ? json.ToArray() : default;
        }
    }

    /// <param name="json">As the provider sent it.</param>
    /// <param name="relayed">What goes to the client; empty when it has it already.</param>
    /// <param name="chunk">What it says.</param>
    private CallFault? Relay(ReadOnlyMemory<byte> json, ReadOnlyMemory<byte> relayed, in ChatChunk chunk)
    {
        if (_firstChunk.IsEmpty)
        {
            _firstChunk = sent?.Place is ChatPlace place ? place.First : json.ToArray();
        }

        if (chunk.ContentBytes > 0)
        {
            meter.Content(chunk.ContentBytes);
        }

        if (relayed.IsEmpty)
        {
            return null;
        }

        HasContent |= chunk.ContentBytes > 0 || chunk.Finished is not null;
        if (chunk.Finished is { } finished)
        {
            _state.Finished(finished);
        }

        // What was written anew has no usage in it.
        _events.Add(chunk.UsageRange is { } usage && relayed.Equals(json) ? ChatAnswer.WithNullUsage(json.Span, usage) : relayed);
        return null;
    }

    private StreamStep Break(CallFault fault)
    {
        Fault = fault;
        return StreamStep.Broken;
    }

    private CallFault Error(string what) => new(CallFailure.ProviderError, $"{deployment.Provider} {what}.");
}

/// <param name="First">The first chunk that the client got: later ones have its id and its model.</param>
internal sealed record ChatPlace(ReadOnlyMemory<byte> First) : StreamPlace;
