using System.Runtime.CompilerServices;
using Google.Protobuf;
using LlmGateway.Protos.Routing.V1;
using LlmGateway.Routing.Catalog;
using LlmGateway.Routing.Health;
using LlmGateway.Routing.Providers;
using LlmGateway.Routing.Streaming;

namespace LlmGateway.Routing.Calls;

internal enum AttemptState
{
    /// <summary>Content is here, and more may come.</summary>
    Open,

    /// <summary>The answer is whole.</summary>
    Ended,

    /// <summary>The attempt failed: <see cref="Attempt.Fault"/>.</summary>
    Failed,

    /// <summary>The client left.</summary>
    Left,
}

/// <summary>One call to one deployment, from the request to the last byte, under its timers.</summary>
internal sealed class Attempt : IDisposable
{
    private readonly Call _call;
    private readonly Visit _visit;
    private readonly Answers _answers;
    private readonly CallOptions _options;
    private readonly CancellationToken _client;
    private readonly CallTimers _timers;
    private readonly TimeProvider _time;
    private readonly long _started;
    private readonly List<ByteString> _held = [];
    private long _heldBytes;
    private Stream? _body;
    private bool _answering;
    private bool _visited;
    private bool _disposed;
    private volatile bool _outrun;
    private bool _cut;
    private bool _sent;
    private bool _ended;
    private CancellationTokenSource? _over;
    private volatile CallFault? _stopped;

    public Attempt(Call call, Visit visit, Answers answers, Drains drains, CallOptions options, TimeProvider time, CancellationToken client)
    {
        (_call, _visit, _answers, _options, _time, _client) = (call, visit, answers, options, time, client);
        _timers = new CallTimers(call, Deployment, drains, options, time, client);
        _started = time.GetTimestamp();
        Meter = new UsageMeter(call.Request.PromptBytes, call.Request.ImageTokens);
    }

    public Deployment Deployment => _visit.Deployment;

    /// <summary>What operators see of it; null where nobody looks.</summary>
    public AttemptTrace? Trace { get; init; }

    public UsageMeter Meter { get; }

    public AttemptState State { get; private set; }

    public CallFault? Fault { get; private set; }

    /// <summary>What the answer has and does not show; null where its hold does not grow.</summary>
    public HiddenOutput? Hidden { get; private set; }

    /// <summary>The answer ended by <see cref="BreakOff"/>, or where its hold could not grow any more.</summary>
    public bool IsBrokenOff { get; private set; }

    /// <summary>It has content, or the whole of a plain answer.</summary>
    public bool HasAnswer => _answering;

    /// <summary>Another attempt was faster.</summary>
    public bool IsOutrun => _outrun;

    /// <summary>The answer is read on although its client left; null otherwise.</summary>
    public Drains.Drain? Drain => _timers.Drain;

    public int Status { get; private set; }

    /// <summary>From the request to the first content, of an attempt that has some.</summary>
    public TimeSpan FirstContentAfter { get; private set; }

    public TimeSpan Duration => _time.GetElapsedTime(_started);

    /// <summary>
    /// What the provider bills for this attempt, should it have come to nothing: what it reported, or an estimate where it had accepted
    /// the request and was cut off. It accepts with its headers, which come with the whole of a plain answer: one that a timer or the client
    /// ended before them was at work once it had the request. One that was refused, or ended by the provider's own error, costs nothing.
    /// </summary>
    public TokenUsage? Waste => Meter.HasReport || (IsOutrun && _answering) || (_cut && (_body is not null || (_sent && _ended))) ? Meter.Read() : null;

    /// <summary>The answer of a streamed call.</summary>
    public IAnswerStream? Stream { get; private set; }

    /// <summary>The answer of a plain call.</summary>
    public PlainAnswer? Plain { get; private set; }

    /// <summary>
    /// Sends the call and waits for the first content, or for the whole plain answer. Until then nothing is shown to the client, so that
    /// a failure, in whatever form, can still move on to the next deployment.
    /// </summary>
    /// <param name="adapter">Who speaks to the provider.</param>
    /// <param name="held">The hold.</param>
    /// <param name="growth">Of the hold; null where it does not grow.</param>
    public async Task OpenAsync(IProviderAdapter adapter, HeldCall held, HoldGrowth? growth)
    {
        try
        {
            await SendAsync(adapter, held, growth);
            _answering = State is AttemptState.Open or AttemptState.Ended;
            if (_answering)
            {
                FirstContentAfter = Duration;
                Trace?.FirstContent(FirstContentAfter);
                _visit.Answered();
            }
        }
        catch (Exception e) when (EndOf(e) is { } end)
        {
            (State, Fault) = end;
            _cut = true;
        }
    }

    /// <summary>Waits for more of the stream. What arrived is in the chunk, whatever the state is then.</summary>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    public async ValueTask<Chunk?> ReadAsync()
    {
        try
        {
            _timers.WaitForMore();
            Advance(await Stream!.ReadAsync(_timers.Token));
            _timers.Received();
            Hidden?.Read();
            Trace?.Chunk();
        }
        catch (Exception e) when (EndOf(e) is { } end)
        {
            (State, Fault) = end;
        }

        return ToChunk(Stream!.Events);
    }

    /// <summary>Makes the hold cover what has been put out, shown or not.</summary>
    /// <returns>Null when the answer may go on; else why not.</returns>
    public ValueTask<CallFault?> CoverAsync(HoldGrowth? growth)
    {
        var visible = Meter.OutputSoFar;
        return growth?.CoverAsync(visible, Hidden?.Produced ?? visible) ?? default;
    }

    /// <summary>Ends an attempt because another one was faster, unless it has failed already. Its answer, should it have one, is not read on for anybody.</summary>
    public Task OutrunAsync()
    {
        _outrun = State != AttemptState.Failed;
        return _timers.EndAsync();
    }

    /// <summary>The client is gone, whether its token says so yet or not.</summary>
    public void Leave() => _timers.Leave();

    /// <summary>Ends an answer that must not go on, for a reason that is not the provider's.</summary>
    public void BreakOff(CallFault fault)
    {
        IsBrokenOff = true;
        Conclude(fault);
    }

    /// <summary>What waits for the settlement: the whole plain answer, or a stream's last events.</summary>
    public IReadOnlyList<ReadOnlyMemory<byte>> Close(TokenUsage usage, long costNanoUsd) => Plain is { } plain
        ? [Answers.Close(_call, Deployment, plain, usage, costNanoUsd)]
        : Stream!.Close(usage, costNanoUsd, _call.IncludeUsage);

    /// <summary>The provider's part is over: tells the deployment's health what became of it, once.</summary>
    public void Visited()
    {
        if (_visited)
        {
            return;
        }

        _visited = true;
        if (State == AttemptState.Failed && !IsBrokenOff)
        {
            _visit.Failed(Fault!);
        }

        _visit.Dispose();
    }

    /// <summary>Ends the provider's work.</summary>
    public void Stop()
    {
        _over?.Cancel();
        _body?.Dispose();
    }

    /// <summary>Lets go of an attempt that came to nothing.</summary>
    public void StopUnlessAnswering()
    {
        if (!_answering)
        {
            Dispose();
        }
    }

    /// <summary>What came up to the first content.</summary>
    public Chunk TakeHeld()
    {
        var chunk = new Chunk();
        chunk.Events.AddRange(_held);
        _held.Clear();
        return chunk;
    }

    public void Dispose()
    {
        if (_disposed)
        {
            return;
        }

        _disposed = true;
        Visited();
        Stop();
        Stream?.Dispose();
        _timers.Dispose();
    }

    private async Task SendAsync(IProviderAdapter adapter, HeldCall held, HoldGrowth? growth)
    {
        var prefilled = Deployment.Prefill && _call.Sent is { Resumed: true, PrefillRefused: false };
        _call.Sent?.Begin(prefilled);
        var request = new ProviderRequest(
            Deployment, prefilled ? _call.Request.Chat.WithPrefill(_call.Sent!.Prefill) : _call.Request, _call.Stream, HoldPlan.UpstreamMaximum(_call, held, Deployment), Written: () => _sent = true)
        {
            Client = _call.Client,
            InChatForm = _call.Sent is { Resumed: true },
        };
        _timers.WaitForFirstByte();
        var reply = _call.Client.NativeOnly is { } field && !adapter.Speaks(_call.Client.Dialect)
            ? ProviderReply.Unsupported(Deployment, field)
            : await adapter.SendAsync(held, request, _timers.Token);
        (_body, Status) = (reply.Body, reply.Status);
        if (_body is null)
        {
            Conclude(prefilled ? WithoutPrefill(reply.Fault!) : reply.Fault);
        }
        else if (_call.Stream)
        {
            Watch(growth);
            Stream = _answers.Open(_call, reply, Deployment, Meter, _options);
            await ReadFirstContentAsync(Stream, growth);
        }
        else
        {
            Plain = await Answers.ReadAsync(reply, _timers, Deployment, Meter, _options);
            Conclude(Plain.Fault);
        }
    }

    private void Watch(HoldGrowth? growth)
    {
        if (growth is not null && growth.HiddenTokensPerSecond > 0)
        {
            var most = Deployment.MaxOutputTokens is { } maximum ? maximum * _call.Request.Choices : long.MaxValue;
            Hidden = new HiddenOutput(Meter, growth.HiddenTokensPerSecond, most, _time);
            _over = new CancellationTokenSource();
            growth.Watch(Hidden, OutgrownAsync, _over.Token);
        }
    }

    // Comes from beside: what reads for the answer finds it.
    private Task OutgrownAsync(CallFault fault)
    {
        _stopped = fault;
        return _timers.EndAsync();
    }

    // What a provider says against a text that we put there is no matter of the client's.
    private CallFault WithoutPrefill(CallFault fault)
    {
        if (fault is not { Failure: CallFailure.ProviderRefused })
        {
            return fault;
        }

        _call.Sent!.PrefillRefused = true;
        return fault with { Failure = CallFailure.ProviderError, Code = CallFault.PrefillRefused };
    }

    /// <summary>Whether the answer is held back although there is content: not where too much is, nor where its money ends.</summary>
    private async ValueTask<bool> HoldsBackAsync(HoldGrowth? growth) =>
        _call.Rescue == Rescue.Buffer && _heldBytes <= _options.MaxAnswerBytes && await CoverAsync(growth) is null;

    private async Task ReadFirstContentAsync(IAnswerStream stream, HoldGrowth? growth)
    {
        while (State == AttemptState.Open && (!stream.HasContent || await HoldsBackAsync(growth)))
        {
            Advance(await stream.ReadAsync(_timers.Token));
            Hidden?.Read();
            foreach (var item in stream.Events)
            {
                _held.Add(ByteString.CopyFrom(item.Span));
                _heldBytes += item.Length;
            }

            if (stream.HasContent)
            {
                // Held back or not: the limit of the first token is kept.
                _timers.Received();
            }

            _timers.WaitForMore();
        }

        _timers.Received();
        if (State == AttemptState.Ended && !stream.HasContent)
        {
            Conclude(new CallFault(CallFailure.ProviderError, $"{Deployment.Provider} sent an empty answer."));
        }
    }

    private void Advance(StreamStep step)
    {
        if (step != StreamStep.More)
        {
            Conclude(Stream!.Fault);
        }
    }

    private void Conclude(CallFault? fault) => (State, Fault) = (fault is null ? AttemptState.Ended : AttemptState.Failed, fault);

    /// <summary>What an exception on the way to the provider means; null for one that is none of the transport's.</summary>
    private (AttemptState State, CallFault? Fault)? EndOf(Exception exception)
    {
        _ended = exception is OperationCanceledException && _timers.Token.IsCancellationRequested;
        if (_client.IsCancellationRequested || (_ended && _outrun))
        {
            return (AttemptState.Left, null);
        }

        if (_ended && _stopped is { } outgrown)
        {
            IsBrokenOff = true;
            return (AttemptState.Failed, outgrown);
        }

        var fault = _ended
            ? _timers.Expired(Deployment.Provider)
            : ProviderBreakage.Classify(exception, Deployment, _options);
        return fault is null ? null : (AttemptState.Failed, fault);
    }

    // The stream's memory is good until its next read: a chunk that is written before it needs no copy.
    internal static Chunk? ToChunk(IReadOnlyList<ReadOnlyMemory<byte>> events)
    {
        if (events.Count == 0)
        {
            return null;
        }

        var chunk = new Chunk();
        for (var index = 0; index < events.Count; index++)
        {
            chunk.Events.Add(UnsafeByteOperations.UnsafeWrap(events[index]));
        }

        return chunk;
    }
}
