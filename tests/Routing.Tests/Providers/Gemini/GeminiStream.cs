using System.Text;
using LlmGateway.Routing.Calls;
using LlmGateway.Routing.Catalog;
using LlmGateway.Routing.Dialects;
using LlmGateway.Routing.Providers.Gemini;
using LlmGateway.Routing.Streaming;
using LlmGateway.Routing.Tests.Streaming;
using LlmGateway.Testing;

namespace LlmGateway.Routing.Tests.Providers.Gemini;

/// <summary>One stream in Gemini's bytes, read as a call reads it.</summary>
/// <param name="Chunks">What a client gets, then how the answer ended and what was metered.</param>
internal sealed record GeminiStream(IReadOnlyList<string> Chunks, StreamStep Step, TokenUsage Usage, CallFault? Fault)
{
    public static Deployment Deployment { get; } = new()
    {
        Id = "gemini/gemini-3.6-flash",
        ModelName = "gemini-3.6-flash",
        Provider = "gemini",
        UpstreamModel = "gemini-3.6-flash",
        Adapter = "gemini",
        BaseAddress = new Uri("http://127.0.0.1/v1beta/"),
    };

    /// <param name="bytes">The body.</param>
    /// <param name="cuts">Where reads end.</param>
    /// <param name="breaks">The connection breaks at its end.</param>
    public static async Task<GeminiStream> ReadAsync(byte[] bytes, int[]? cuts = null, bool breaks = false)
    {
        var meter = new UsageMeter(40, 0);
        using var source = new PiecesStream(bytes, cuts ?? [], breaks);
        var events = new TranslatedEvents(
            new SseReader(source, 1 << 20), new GeminiAnswer(Deployment, new FakeTime()), new ChatEvents(Deployment.ModelName, 1_763_683_200), Deployment);
        using var stream = new ChatStream(events, 1, Deployment, meter);
        var chunks = new List<string>();
        var step = StreamStep.More;
        while (step == StreamStep.More)
        {
            try
            {
                step = await stream.ReadAsync(CancellationToken.None);
                chunks.AddRange(stream.Events.Select(item => Encoding.UTF8.GetString(item.Span)));
            }
            catch (IOException)
            {
                step = StreamStep.Broken;
            }
        }

        var usage = meter.Read();
        chunks.Add(string.Join(' ', new[] { step.ToString(), stream.Fault?.Name, stream.Fault?.Code, usage.ToString() }.Where(word => word?.Length > 0)));
        return new GeminiStream(chunks, step, usage, stream.Fault);
    }
}
