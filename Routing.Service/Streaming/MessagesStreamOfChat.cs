using LlmGateway.Protos.Routing.V1;
using LlmGateway.Routing.Calls;
using LlmGateway.Routing.Catalog;
using LlmGateway.Routing.Dialects.Messages;

namespace LlmGateway.Routing.Streaming;

/// <summary>
/// A streamed answer in Anthropic's Messages wire, made of one in OpenAI's chat. It has no end of its own: message_delta comes with the
/// settlement of a chat answer that ended, and message_stop is the gateway's.
/// </summary>
internal sealed class MessagesStreamOfChat(ChatStream chat, string id, Deployment deployment, UsageMeter meter) : IAnswerStream
{
    // Before anything is known, so that it does not depend on what arrives together.
    private readonly long _promptEstimate = meter.Read().Prompt;
    private readonly MessagesEvents _output = new();
    private readonly List<ReadOnlyMemory<byte>> _events = [];
    private MessagesBlocks? _blocks;
    private MessagesDeltas? _deltas;

    public IReadOnlyList<ReadOnlyMemory<byte>> Events => _events;

    public bool HasContent => chat.HasContent;

    public CallFault? Fault { get; private set; }

    public async ValueTask<StreamStep> ReadAsync(CancellationToken cancellationToken)
    {
        _events.Clear();
        _output.Clear();
        var step = await chat.ReadAsync(cancellationToken);
        Fault = chat.Fault;
        if (!Translate())
        {
            Fault = new CallFault(CallFailure.ProviderError, $"{deployment.Provider} sent a tool call in pieces that do not fit together.");
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
        chat.Dispose();
        _output.Dispose();
    }

    private bool Translate()
    {
        foreach (var chunk in chat.Events)
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
            _output.Start(id, deployment.ModelName, _promptEstimate);
            _blocks = new MessagesBlocks(_output);
            _deltas = new MessagesDeltas(_blocks);
        }
    }
}
