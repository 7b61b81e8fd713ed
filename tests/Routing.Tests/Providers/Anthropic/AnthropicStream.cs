using System.Text;
using LlmGateway.Routing.Dialects;
using LlmGateway.Routing.Providers.Anthropic;
using LlmGateway.Routing.Streaming;
using LlmGateway.Routing.Tests.Streaming;

namespace LlmGateway.Routing.Tests.Providers.Anthropic;

/// <summary>What a client sees of a Messages stream.</summary>
/// <param name="Step">How it ended.</param>
internal sealed record AnthropicStream(IReadOnlyList<string> Events, string? UsageChunk, StreamStep Step, string Fault, TokenUsage Usage)
{
    public IEnumerable<string> Lines => [.. Events, .. UsageChunk is null ? Array.Empty<string>() : [UsageChunk], Step == StreamStep.Ended ? "ended" : "broken: " + Fault];

    /// <param name="sse">The body.</param>
    /// <param name="byTool">The answer is a tool's input.</param>
    /// <param name="cuts">Where the body is cut into pieces.</param>
    /// <param name="breaks">The connection breaks at the end.</param>
    public static async Task<AnthropicStream> ReadAsync(byte[] sse, bool byTool = false, int[]? cuts = null, bool breaks = false)
    {
        var deployment = AnthropicGoldenTests.Deployment("claude-opus-4-8");
        var meter = new UsageMeter(promptBytes: 400, promptExtra: 0);
        var reader = new SseReader(new PiecesStream(sse, cuts ?? [], breaks), maxEventBytes: 1 << 20);
        var translated = new TranslatedEvents(
            reader, new AnthropicAnswer(deployment, byTool, created: 1_763_683_200), new ChatEvents("claude", 1_763_683_200), deployment);
        using var stream = new ChatStream(translated, choices: 1, deployment, meter);
        var events = new List<string>();
        var step = StreamStep.More;
        try
        {
            while (step == StreamStep.More)
            {
                step = await stream.ReadAsync(CancellationToken.None);
                events.AddRange(stream.Events.Select(json => Encoding.UTF8.GetString(json.Span)));
            }
        }
        catch (IOException)
        {
            step = StreamStep.Broken;
        }

        var usage = meter.Read();
        var last = step == StreamStep.Ended ? Encoding.UTF8.GetString(stream.Close(usage, costNanoUsd: 7, includeUsage: true)[0].Span) : null;
        return new AnthropicStream(events, last, step, stream.Fault is { } fault ? $"{fault.Name} {fault.Code} {fault.Message}" : "connection", usage);
    }
}
