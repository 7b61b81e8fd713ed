using Google.Protobuf;
using Grpc.Core;
using LlmGateway.Protos.Routing.V1;

namespace LlmGateway.Gateway.Caching;

/// <summary>A kept answer's events as if they came from Routing, with what the hit costs in place of what the call did.</summary>
internal sealed class ReplayedAnswer(CachedAnswer answer, long costNanoUsd) : IAsyncStreamReader<CompleteEvent>
{
    private readonly IEnumerator<CompleteEvent> _events = answer.Events.GetEnumerator();

    public CompleteEvent Current { get; private set; } = new();

    public Task<bool> MoveNext(CancellationToken cancellationToken)
    {
        if (!_events.MoveNext())
        {
            return Task.FromResult(false);
        }

        // The kept events are shared by all who get them: what differs is made anew.
        Current = _events.Current switch
        {
            { EventCase: CompleteEvent.EventOneofCase.Started, Started: var started } =>
                new() { Started = new() { Provider = started.Provider, Model = started.Model, Deployment = started.Deployment } },
            { EventCase: CompleteEvent.EventOneofCase.Ended } => new() { Ended = new() { CostNanoUsd = costNanoUsd } },
            { Chunk: var chunk } => new() { Chunk = new() { Events = { chunk.Events.Select(Priced) } } },
        };
        return Task.FromResult(true);
    }

    private ByteString Priced(ByteString json) => UsageCost.Replace(json, costNanoUsd);
}
