using System.Runtime.CompilerServices;
using LlmGateway.Protos.Routing.V1;
using LlmGateway.Routing.Calls;
using LlmGateway.Routing.Catalog;
using LlmGateway.Routing.Dialects.Messages;
using LlmGateway.Routing.Providers.Anthropic;

namespace LlmGateway.Routing.Streaming;

/// <summary>
/// A streamed answer of a provider that speaks Anthropic's Messages, as events to relay: byte for byte, those that are not known here too.
/// message_delta, which says that the answer is whole, waits for the settlement; message_stop is the only end, and stays here; errors and
/// garbage end the answer.
/// </summary>
internal sealed class MessagesStream(SseReader reader, Deployment deployment, UsageMeter meter, SentText? sent = null) : IAnswerStream
{
    // Of one answer, which is never finished but by its terminator.
    private readonly StreamState _state = new(1);
    private readonly List<ReadOnlyMemory<byte>> _events = [];
    private readonly List<ReadOnlyMemory<byte>> _last = [];
    private readonly MessagesProgress? _progress = sent is null ? null : new MessagesProgress(sent);
    private AnthropicUsage _usage;
    private Range? _usageRange;

    public IReadOnlyList<ReadOnlyMemory<byte>> Events => _events;

    public bool HasContent { get; private set; }

    public CallFault? Fault { get; private set; }

    public StreamPlace? Place => _progress?.Place;

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

        if (_state.MayEnd)
        {
            return StreamStep.Ended;
        }

        return read switch
        {
            SseRead.Events => StreamStep.More,
            SseRead.End => Break(Error("ended its answer without finishing it")),
            SseRead.TooLarge => Break(Error("sent an event that is too large")),
            _ => throw new ArgumentOutOfRangeException(nameof(cancellationToken), read, "Not a way to read."),
        };
    }

    public IReadOnlyList<ReadOnlyMemory<byte>> Close(TokenUsage usage, long costNanoUsd, bool includeUsage)
    {
        if (_last.Count > 0)
        {
            _last[^1] = MessagesUsage.WithCost(_last[^1].Span, _usageRange, usage, costNanoUsd);
        }

        return _last;
    }

    public void Dispose() => reader.Dispose();

    private CallFault? Take(in SseEvent item)
    {
        if (!MessagesEvent.TryRead(item.Data.Span, ref _usage, out var read))
        {
            return Error("sent an event that cannot be read");
        }

        if (read.Kind == MessagesEventKind.Error || item.Bare)
        {
            return AnthropicErrors.ClassifyEvent(item.Data.Span, deployment);
        }

        Meter(read);
        switch (read.Kind)
        {
            case MessagesEventKind.Stop:
                _state.Terminator();
                break;
            case MessagesEventKind.Delta:
                _last.Add(item.Data.ToArray());
                _usageRange = read.UsageRange;
                break;
            default:
                _progress?.Take(item.Data.Span);
                _events.Add(item.Data);
                break;
        }

        return null;
    }

    private void Meter(in MessagesEvent item)
    {
        if (item.ContentBytes > 0)
        {
            meter.Content(item.ContentBytes);
        }

        HasContent |= item.ContentBytes > 0 || item.HasStopReason;
        if (item.Kind == MessagesEventKind.Start)
        {
            // Its output is one token, and no figure of what comes.
            meter.Report(_usage.ToReported() with { Output = null });
        }
        else if (item.Kind == MessagesEventKind.Delta && item.UsageRange is not null)
        {
            meter.Report(_usage.ToReported());
        }
    }

    private StreamStep Break(CallFault fault)
    {
        Fault = fault;
        return StreamStep.Broken;
    }

    private CallFault Error(string what) => new(CallFailure.ProviderError, $"{deployment.Provider} {what}.");
}
