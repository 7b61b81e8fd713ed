using System.Diagnostics;
using System.Text.Json;
using LlmGateway.Routing.Catalog;
using LlmGateway.Routing.Dialects;
using LlmGateway.Routing.Providers;
using LlmGateway.Routing.Providers.Anthropic;
using LlmGateway.Routing.Providers.Gemini;
using LlmGateway.Routing.Streaming;
using LlmGateway.Routing.Tests.Streaming;
using LlmGateway.Testing;
using Xunit.Abstractions;

namespace LlmGateway.Routing.Tests.Fuzzing;

/// <summary>Any bytes from a provider end in an answer or a fault: no crash, no hang, no memory without bound.</summary>
public sealed class ProviderFuzzTests(ITestOutputHelper output)
{
    private const int MaxEventBytes = 64 * 1024;
    private const int Least = 300;
    private static readonly TimeSpan LongestRead = TimeSpan.FromSeconds(10);
    private static readonly Deployment Provider = new() { Id = "p", ModelName = "m", Provider = "p", UpstreamModel = "claude-opus-4-8", Adapter = "p" };

    [Theory]
    [InlineData("openai", 1)]
    [InlineData("anthropic", 2)]
    [InlineData("gemini", 3)]
    public Task A_little_of_it(string wire, int seed) => RunAsync(wire, seed, TimeSpan.Zero);

    /// <summary>A minute in all, with inputs that no run before had.</summary>
    [Theory]
    [Trait("Category", "Long")]
    [InlineData("openai")]
    [InlineData("anthropic")]
    [InlineData("gemini")]
#pragma warning disable CA5394, RS0030 // Chosen anew each time, and printed.
    public Task A_lot_of_it(string wire) => RunAsync(wire, Random.Shared.Next(), TimeSpan.FromSeconds(20));
#pragma warning restore CA5394, RS0030

    private async Task RunAsync(string wire, int seed, TimeSpan duration)
    {
        var mutator = new Mutator(Corpus(wire), seed);
        var (began, count, ended) = (Stopwatch.GetTimestamp(), 0, 0);
        var memory = GC.GetTotalMemory(forceFullCollection: true);
        while (count < Least || Stopwatch.GetElapsedTime(began) < duration)
        {
            var bytes = mutator.Next();
            count++;
            try
            {
                ended += await ReadAsync(wire, bytes, mutator.Cuts()) == StreamStep.Ended ? 1 : 0;
                Plain(wire, bytes);
            }
            catch (Exception e)
            {
                throw new InvalidOperationException($"Seed {seed}, input {count}: {Convert.ToBase64String(bytes)}", e);
            }
        }

        var grown = GC.GetTotalMemory(forceFullCollection: true) - memory;
        output.WriteLine($"Seed {seed}: {count} inputs, {ended} of them whole; memory grew by {grown / 1024} KiB.");
        grown.ShouldBeLessThan(32 * 1024 * 1024);
    }

    private static async Task<StreamStep> ReadAsync(string wire, byte[] bytes, int[] cuts)
    {
        using var patience = new CancellationTokenSource(LongestRead);
        await using var body = new PiecesStream(bytes, cuts);
        var reader = new SseReader(body, MaxEventBytes);
        IEventReader events = Translator(wire) is { } translator
            ? new TranslatedEvents(reader, translator, new ChatEvents("m", 1), Provider)
            : reader;
        using var stream = new ChatStream(events, choices: 1, Provider, new UsageMeter(40, 0));
        var step = StreamStep.More;
        while (step == StreamStep.More)
        {
            patience.Token.ThrowIfCancellationRequested();
            step = await stream.ReadAsync(CancellationToken.None);
            foreach (var item in stream.Events)
            {
                // What goes on to a client is JSON, whatever came.
                using var document = JsonDocument.Parse(item);
            }
        }

        return step;
    }

    private static void Plain(string wire, byte[] bytes)
    {
        try
        {
            var (json, fault) = Translator(wire)?.Translate(bytes) ?? (bytes, null);
            if (fault is null && ChatChunk.TryRead(json.Span, out var answer) && answer is { Error: null, Choices: > 0 })
            {
                ChatAnswer.WithCost(json, answer.UsageRange, new TokenUsage(1, 0, 0, 1, 0, Estimated: false), 1);
            }
        }
        catch (Exception e) when (Malformed.Is(e))
        {
            // What PlainAnswer makes a fault of.
        }
    }

    private static IAnswerTranslator? Translator(string wire) => wire switch
    {
        "anthropic" => new AnthropicAnswer(Provider, answersByTool: false, created: 1),
        "gemini" => new GeminiAnswer(Provider, new FakeTime()),
        _ => null,
    };

    private static IReadOnlyList<byte[]> Corpus(string wire) => wire switch
    {
        "openai" => [Recorded.Stream, Recorded.Bytes([.. Recorded.Contents, Recorded.Finish])],
        _ => [.. Directory.EnumerateFiles(Path.Combine(RepositoryRoot.Path, "tests/Routing.Tests/Providers", wire == "gemini" ? "Gemini" : "Anthropic", "Golden"), "*.*")
            .Where(file => Path.GetExtension(file) == ".sse" || file.EndsWith(".answer.json", StringComparison.Ordinal)).Order(StringComparer.Ordinal).Select(File.ReadAllBytes)
            .Where(bytes => bytes.Length > 0)],
    };
}
