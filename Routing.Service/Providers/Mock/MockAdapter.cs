using System.Net;
using System.Text;
using LlmGateway.Protos.Routing.V1;
using LlmGateway.Routing.Calls;
using LlmGateway.Routing.Catalog;
using LlmGateway.Routing.Dialects;
using LlmGateway.Routing.Providers.OpenAi;

namespace LlmGateway.Routing.Providers.Mock;

/// <summary>
/// Answers without a provider, in OpenAI's bytes and through the same code as OpenAI's own answers: what works against the mock
/// has been through parsing, metering and settling.
/// </summary>
internal sealed class MockAdapter(TimeProvider time) : IProviderAdapter
{
    public string Name => ProviderName.Mock;

    public async Task<ProviderReply> SendAsync(HeldCall held, ProviderRequest request, CancellationToken cancellationToken)
    {
        if (request.Prompt is EmbeddingRequest embeddings)
        {
            return new ProviderReply(new MockStream([(TimeSpan.Zero, MockEmbeddings.Answer(embeddings, request.Deployment.UpstreamModel))], time), null, 200)
            {
                Wire = Dialect.OpenaiEmbeddings,
                Translator = new EmbeddingFormat(embeddings.IsBase64),
            };
        }

        if (JsonText.FindBroken(request.Chat.Body.Span) is { } broken)
        {
            return ProviderReply.NotText(broken);
        }

        var script = MockScript.Read(request.Chat);
        var maximum = request.Chat.MaxOutputTokens ?? request.MaxTokens ?? int.MaxValue;
        var answer = MockAnswer.Of(script, request.Chat, maximum);
        var wire = new MockWire(request.Deployment.UpstreamModel, request.Chat, answer, time.GetUtcNow());
        if (script.Status != 200)
        {
            await Task.Delay(script.FirstDelay, time, cancellationToken);
            var error = Encoding.UTF8.GetBytes(MockWire.Error(script.Status));
            var fault = OpenAiErrors.Classify((HttpStatusCode)script.Status, error, script.RetryAfter, request.Deployment);
            return new ProviderReply(null, fault, script.Status);
        }

        if (request.Stream)
        {
            return new ProviderReply(new MockStream(Events(wire, script, answer), time), null, 200);
        }

        return new ProviderReply(new MockStream([(script.FirstDelay + (script.ChunkDelay * answer.Deltas.Count), wire.Completion)], time), null, 200);
    }

    /// <summary>Each event with the time to wait before it. Null text is a broken connection.</summary>
    private static IEnumerable<(TimeSpan Wait, string? Text)> Events(MockWire wire, MockScript script, MockAnswer answer)
    {
        yield return (script.FirstDelay, Event(wire.FirstChunk));
        for (var index = 0; index < answer.Deltas.Count; index++)
        {
            if (index == script.Cut)
            {
                yield return (TimeSpan.Zero, null);
            }

            if (index == script.Stall)
            {
                yield return (Timeout.InfiniteTimeSpan, null);
            }

            yield return (index == 0 ? TimeSpan.Zero : script.ChunkDelay, Event(wire.ContentChunk(answer.Deltas[index])));
        }

        yield return (TimeSpan.Zero, Event(wire.LastChunk) + Event(wire.UsageChunk) + Event("[DONE]"));
    }

    private static string Event(string data) => $"data: {data}\n\n";
}
