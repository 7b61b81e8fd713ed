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
/// so that none of them is there without the provider's own end.
/// </summary>
internal sealed class ResponsesEvents : IAnswerStream
{
    private readonly ChatStream _chat;
    private readonly ResponseObject _response;
    private readonly Deployment _deployment;
    private readonly EventWriter _writer = new();
    private readonly ResponseOutput _output;
    private readonly List<ReadOnlyMemory<byte>> _events = [];
    private bool _begun;

    public ResponsesEvents(ChatStream chat, Call call, Deployment deployment)
    {
        (_chat, _deployment) = (chat, deployment);
        _response = new ResponseObject(call, deployment);
        _output = new ResponseOutput(_response.Tail, _writer);
    }

    public IReadOnlyList<ReadOnlyMemory<byte>> Events => _events;

    public bool HasContent => _chat.HasContent;

    public CallFault? Fault { get; private set; }

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
