using System.Buffers;
using System.Runtime.CompilerServices;
using LlmGateway.Protos.Routing.V1;
using LlmGateway.Routing.Calls;
using LlmGateway.Routing.Catalog;
using LlmGateway.Routing.Dialects.Responses;
using LlmGateway.Routing.Providers.OpenAi;

namespace LlmGateway.Routing.Streaming;

/// <summary>
/// A streamed answer of a provider that speaks Responses, for a client that does: its events as they come. The last one,
/// response.completed or response.incomplete, waits for the settlement and gets the cost; without it the answer is broken.
/// </summary>
internal sealed class ResponsesStream(SseReader reader, Deployment deployment, UsageMeter meter, SentText? sent = null) : IAnswerStream
{
    private readonly StreamState _state = new(choices: 1);
    private readonly List<ReadOnlyMemory<byte>> _events = [];
    private readonly ResponsesProgress? _progress = sent is null ? null : new ResponsesProgress(sent);
    private ReadOnlyMemory<byte> _last;
    private ResponsesEvent _end;

    public IReadOnlyList<ReadOnlyMemory<byte>> Events => _events;

    public bool HasContent { get; private set; }

    public CallFault? Fault { get; private set; }

    public StreamPlace? Place => _progress?.Place;

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    public async ValueTask<StreamStep> ReadAsync(CancellationToken cancellationToken)
    {
        _events.Clear();
        var read = await reader.ReadAsync(cancellationToken);
        foreach (ref readonly var item in reader.Events)
        {
            if (!_state.Terminated && Take(item) is { } fault)
            {
                return Break(fault);
            }
        }

        return _state.Terminated ? StreamStep.Ended : read switch
        {
            SseRead.Events => StreamStep.More,
            SseRead.TooLarge => Break(Error("sent an event that is too large")),
            _ => Break(Error("ended its answer without finishing it")),
        };
    }

    public IReadOnlyList<ReadOnlyMemory<byte>> Close(TokenUsage usage, long costNanoUsd, bool includeUsage) =>
        [WithCost(_last, _end, usage, costNanoUsd)];

    /// <summary>A response, or an event that has one, with the cost in its usage.</summary>
    /// <param name="json">The provider's bytes.</param>
    /// <param name="read">What they say.</param>
    /// <param name="usage">What is charged.</param>
    /// <param name="costNanoUsd">What the customer pays.</param>
    public static ReadOnlyMemory<byte> WithCost(ReadOnlyMemory<byte> json, in ResponsesEvent read, TokenUsage usage, long costNanoUsd)
    {
        var span = json.Span;
        var output = new ArrayBufferWriter<byte>(span.Length + 256);
        if (read.UsageRange is { } range)
        {
            output.Write(span[..range.Start]);
            ResponsesUsage.WriteWithCost(output, read.Usage is null ? default : span[range], usage, costNanoUsd);
            output.Write(span[range.End..]);
            return output.WrittenMemory;
        }

        // A response has members, so that a comma is right.
        output.Write(span[..read.ResponseEnd]);
        output.Write(",\"usage\":"u8);
        ResponsesUsage.WriteWithCost(output, default, usage, costNanoUsd);
        output.Write(span[read.ResponseEnd..]);
        return output.WrittenMemory;
    }

    /// <summary>A whole response that was judged already, with the cost in its usage.</summary>
    public static ReadOnlyMemory<byte> WithCost(ReadOnlyMemory<byte> response, TokenUsage usage, long costNanoUsd)
    {
        ResponsesEvent.TryRead(response.Span, isResponse: true, out var read);
        return WithCost(response, read, usage, costNanoUsd);
    }

    /// <summary>A whole answer: a response that is completed or incomplete, or it is none.</summary>
    public static PlainAnswer Judge(ReadOnlyMemory<byte> json, Deployment deployment, UsageMeter meter)
    {
        if (!ResponsesEvent.TryRead(json.Span, isResponse: true, out var read))
        {
            return PlainAnswer.Broken(deployment, "sent an answer that cannot be read");
        }

        if (read.Error is { } error)
        {
            return PlainAnswer.Failed(OpenAiErrors.ClassifyEvent(json.Span[error], deployment));
        }

        if (!read.IsWhole)
        {
            return PlainAnswer.Broken(deployment, "sent an answer without an end");
        }

        if (read.Usage is { } usage)
        {
            meter.Report(usage);
        }

        meter.Content(read.ContentBytes);
        return new PlainAnswer(Dialect.OpenaiResponses, json, null, null);
    }

    public void Dispose() => reader.Dispose();

    private CallFault? Take(in SseEvent item)
    {
        var json = item.Data;
        if (json.Span.SequenceEqual("[DONE]"u8))
        {
            // Some servers end every stream with it. It is no end of a response.
            return null;
        }

        if (!ResponsesEvent.TryRead(json.Span, isResponse: false, out var read))
        {
            return Error("sent an event that cannot be read");
        }

        if (read.Error is { } error)
        {
            return OpenAiErrors.ClassifyEvent(json.Span[error], deployment);
        }

        if (item.Bare)
        {
            return Error("sent text that is no event");
        }

        if (read.Kind == ResponsesEventKind.End)
        {
            return End(json, read);
        }

        if (read.ContentBytes > 0)
        {
            meter.Content(read.ContentBytes);
            HasContent = true;
        }

        _progress?.Take(json.Span);
        _events.Add(json);
        return null;
    }

    private CallFault? End(ReadOnlyMemory<byte> json, in ResponsesEvent read)
    {
        if (read.ResponseEnd == 0)
        {
            return Error("sent an event that cannot be read");
        }

        if (read.Usage is { } usage)
        {
            meter.Report(usage);
        }

        (_last, _end) = (json.ToArray(), read);
        HasContent = true;
        _state.Terminator();
        return null;
    }

    private StreamStep Break(CallFault fault)
    {
        Fault = fault;
        return StreamStep.Broken;
    }

    private CallFault Error(string what) => new(CallFailure.ProviderError, $"{deployment.Provider} {what}.");
}
