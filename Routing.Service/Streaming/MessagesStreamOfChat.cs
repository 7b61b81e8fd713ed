using LlmGateway.Protos.Routing.V1;
using LlmGateway.Routing.Calls;
using LlmGateway.Routing.Catalog;
using LlmGateway.Routing.Dialects.Messages;

namespace LlmGateway.Routing.Streaming;

/// <summary>
/// A streamed answer in Anthropic's Messages wire, made of one in OpenAI's chat. It has no end of its own: message_delta comes with the
/// settlement of a chat answer that ended, and message_stop is the gateway's. One that goes on with another answer has no message_start, and its
/// blocks follow the other's.
/// </summary>
internal sealed class MessagesStreamOfChat : IAnswerStream
{
    private readonly ChatStream _chat;
    private readonly string _id;
    private readonly Deployment _deployment;

    // Before anything is known, so that it does not depend on what arrives together.
    private readonly long _promptEstimate;
    private readonly MessagesEvents _output = new();
    private readonly List<ReadOnlyMemory<byte>> _events = [];
    private MessagesBlocks? _blocks;
    private MessagesDeltas? _deltas;

    public MessagesStreamOfChat(ChatStream chat, string id, Deployment deployment, UsageMeter meter, SentText? sent = null)
    {
        (_chat, _id, _deployment, _promptEstimate) = (chat, id, deployment, meter.Read().Prompt);
        if (sent?.Place is MessagesPlace place)
        {
            GoOn(new MessagesBlocks(_output, place));
        }
    }

    public IReadOnlyList<ReadOnlyMemory<byte>> Events => _events;

    public bool HasContent => _chat.HasContent;

    public CallFault? Fault { get; private set; }

    public StreamPlace? Place => _blocks?.Place;

    public async ValueTask<StreamStep> ReadAsync(CancellationToken cancellationToken)
    {
        _events.Clear();
        _output.Clear();
        var step = await _chat.ReadAsync(cancellationToken);
        Fault = _chat.Fault;
        if (!Translate())
        {
            Fault = new CallFault(CallFailure.ProviderError, $"{_deployment.Provider} sent a tool call in pieces that do not fit together.");
            step = StreamStep.Broken;
        }

        if (step == StreamStep.Ended)
        {
            Start();
            _blocks!.Finish();
        }

        _output.AddTo(_events);
        return step;
    }

    public IReadOnlyList<ReadOnlyMemory<byte>> Close(TokenUsage usage, long costNanoUsd, bool includeUsage)
    {
        _events.Clear();
        _output.Clear();
        _output.Stop(_deltas!.Stop, usage, costNanoUsd);
        _output.AddTo(_events);
        return _events;
    }

    public void Dispose()
    {
        _chat.Dispose();
        _output.Dispose();
    }

    private bool Translate()
    {
        foreach (var chunk in _chat.Events)
        {
            Start();
            if (!_deltas!.Read(chunk.Span))
            {
                return false;
            }
        }

        return true;
    }

    private void Start()
    {
        if (_deltas is null)
        {
            _output.Start(_id, _deployment.ModelName, _promptEstimate);
            GoOn(new MessagesBlocks(_output));
        }
    }

    private void GoOn(MessagesBlocks blocks) => (_blocks, _deltas) = (blocks, new MessagesDeltas(blocks));
}
