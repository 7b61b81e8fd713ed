using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using LlmGateway.Protos.Routing.V1;
using LlmGateway.Routing.Calls;
using LlmGateway.Routing.Catalog;
using LlmGateway.Routing.Dialects;
using LlmGateway.Routing.Providers;

namespace LlmGateway.Routing.Streaming;

/// <summary>A provider's events in OpenAI's chat wire.</summary>
internal sealed class TranslatedEvents(SseReader reader, IAnswerTranslator translator, ChatEvents chunks, Deployment deployment) : IEventReader
{
    private readonly List<SseEvent> _events = [];

    public ReadOnlySpan<SseEvent> Events => CollectionsMarshal.AsSpan(_events);

    public CallFault? Fault { get; private set; }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    public async ValueTask<SseRead> ReadAsync(CancellationToken cancellationToken)
    {
        _events.Clear();
        chunks.Clear();
        var read = await reader.ReadAsync(cancellationToken);
        foreach (ref readonly var item in reader.Events)
        {
            Fault = Translate(item);
            if (Fault is not null)
            {
                break;
            }
        }

        chunks.AddTo(_events);
        return Fault is null ? read : SseRead.Broken;
    }

    public void Dispose()
    {
        reader.Dispose();
        chunks.Dispose();
    }

    private CallFault? Translate(in SseEvent item)
    {
        try
        {
            return translator.Translate(item, chunks);
        }
        catch (Exception e) when (Malformed.Is(e))
        {
            return new CallFault(CallFailure.ProviderError, $"{deployment.Provider} sent an event that cannot be read.");
        }
    }
}
