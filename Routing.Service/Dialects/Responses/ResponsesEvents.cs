using System.Runtime.CompilerServices;
using System.Text.Json;
using LlmGateway.Protos.Routing.V1;
using LlmGateway.Routing.Calls;
using LlmGateway.Routing.Catalog;
using LlmGateway.Routing.Streaming;

namespace LlmGateway.Routing.Dialects.Responses;

/// <summary>
/// A streamed answer of any provider as events of the Responses API
/// (platform.openai.com/docs/api-reference/responses-streaming): response.created, response.in_progress, then for each item of the output its
/// added, deltas and done, and response.completed or response.incomplete. The end of what is open and the last event wait for the settlement,
/// so that none of them is there without the provider's own end. An answer that goes on with another begins in its message.
/// </summary>
internal sealed class ResponsesEvents : IAnswerStream
{
    private readonly ChatStream _chat;
    private readonly ResponseObject _response;
    private readonly Deployment _deployment;
    private readonly EventWriter _writer;
    private readonly ResponseOutput _output;
    private readonly List<ReadOnlyMemory<byte>> _events = [];
    private bool _begun;

    public ResponsesEvents(ChatStream chat, Call call, Deployment deployment)
    {
        var place = call.Sent?.Place as ResponsesPlace;
        (_chat, _deployment, _begun) = (chat, deployment, place is not null);
        _writer = new EventWriter(place?.Sequence ?? 0);
        _response = new ResponseObject(call, deployment, place?.Head);
        _output = new ResponseOutput(_response.Tail, _writer, place is null ? null : new MessageItem(place.ItemId, call.Sent!.Written) { IsDone = place.IsDone });
    }

    public IReadOnlyList<ReadOnlyMemory<byte>> Events => _events;

    public bool HasContent => _chat.HasContent;

    public CallFault? Fault { get; private set; }

    public StreamPlace? Place => _output.OnlyMessage is { } message ? new ResponsesPlace(_response.Head, _writer.Sequence, message.Id, message.IsDone) : null;

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    public async ValueTask<StreamStep> ReadAsync(CancellationToken cancellationToken)
    {
        Clear();
        var step = await _chat.ReadAsync(cancellationToken);
        Fault = _chat.Fault;
        try
        {
            foreach (var chunk in _chat.Events)
            {
                Begin();
                _output.Read(chunk.Span);
            }
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            Fault ??= new CallFault(CallFailure.ProviderError, $"{_deployment.Provider} sent an event that cannot be read.");
            step = StreamStep.Broken;
        }

        _writer.AddTo(_events);
        return step;
    }

    public IReadOnlyList<ReadOnlyMemory<byte>> Close(TokenUsage usage, long costNanoUsd, bool includeUsage)
    {
        Clear();
        Begin();
        var (status, reason) = ResponseStatus.Of(_output.FinishReason);
        _output.Close(status);
        Tell("response." + status, status, reason, usage, costNanoUsd);
        _writer.AddTo(_events);
        return _events;
    }

    public void Dispose()
    {
        _chat.Dispose();
        _output.Dispose();
        _writer.Dispose();
    }

    private void Begin()
    {
        if (!_begun)
        {
            _begun = true;
            Tell("response.created", OutputItem.InProgress, null, null, 0);
            Tell("response.in_progress", OutputItem.InProgress, null, null, 0);
        }
    }

    private void Tell(string type, string status, string? reason, TokenUsage? usage, long costNanoUsd)
    {
        _writer.Begin(type);
        _writer.Json.WritePropertyName("response"u8);
        _response.Write(_writer.Json, status, reason, _output.Items, usage, costNanoUsd);
        _writer.End();
    }

    private void Clear()
    {
        _events.Clear();
        _writer.Clear();
    }
}
