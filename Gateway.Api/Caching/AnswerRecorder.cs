using Grpc.Core;
using LlmGateway.Protos.Routing.V1;

namespace LlmGateway.Gateway.Caching;

/// <summary>Passes a call's events on and keeps them. What is not whole, is too large or has no content is not kept.</summary>
/// <param name="events">The call's.</param>
/// <param name="maxBytes">Of all events.</param>
/// <param name="needsOutput">An answer without an output token is none.</param>
/// <param name="keep">Called once, with the events of a whole answer, before its end is passed on.</param>
internal sealed class AnswerRecorder(
    IAsyncStreamReader<CompleteEvent> events, int maxBytes, bool needsOutput, Action<IReadOnlyList<CompleteEvent>> keep) : IAsyncStreamReader<CompleteEvent>
{
    private List<CompleteEvent>? _kept = [];
    private int _bytes;

    public CompleteEvent Current => events.Current;

    public async Task<bool> MoveNext(CancellationToken cancellationToken)
    {
        if (!await events.MoveNext(cancellationToken))
        {
            return false;
        }

        Record(events.Current);
        return true;
    }

    private void Record(CompleteEvent current)
    {
        if (_kept is null)
        {
            return;
        }

        _bytes += current.CalculateSize();
        if (_bytes > maxBytes || current.EventCase == CompleteEvent.EventOneofCase.Failed)
        {
            _kept = null;
            return;
        }

        _kept.Add(current);
        if (current.EventCase == CompleteEvent.EventOneofCase.Ended)
        {
            if (!needsOutput || current.Ended.OutputTokens > 0)
            {
                keep(_kept);
            }

            _kept = null;
        }
    }
}
