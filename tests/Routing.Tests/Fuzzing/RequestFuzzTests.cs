using System.Diagnostics;
using System.Text;
using System.Text.Json;
using LlmGateway.Protos.Routing.V1;
using LlmGateway.Routing.Calls;
using LlmGateway.Routing.Catalog;
using LlmGateway.Routing.Dialects;
using LlmGateway.Routing.Providers;
using LlmGateway.Routing.Providers.Anthropic;
using LlmGateway.Routing.Providers.Gemini;
using LlmGateway.Routing.Providers.OpenAi;
using LlmGateway.Testing;
using Xunit.Abstractions;

namespace LlmGateway.Routing.Tests.Fuzzing;

/// <summary>Any JSON from a client becomes a body that its provider can read, or a fault that names a field: never an exception.</summary>
public sealed class RequestFuzzTests(ITestOutputHelper output)
{
    private const int Least = 500;

    [Theory]
    [InlineData(11)]
    public void A_little_of_it(int seed) => Run(seed, TimeSpan.Zero);

    [Fact]
    [Trait("Category", "Long")]
#pragma warning disable CA5394, RS0030 // Chosen anew each time, and printed.
    public void A_lot_of_it() => Run(Random.Shared.Next(), TimeSpan.FromSeconds(20));
#pragma warning restore CA5394, RS0030

    private void Run(int seed, TimeSpan duration)
    {
        var mutator = new Mutator(Corpus(), seed);
        var (began, count, written, faults) = (Stopwatch.GetTimestamp(), 0, 0, 0);
        while (count < Least || Stopwatch.GetElapsedTime(began) < duration)
        {
            var bytes = mutator.Next();
            count++;
            try
            {
                // The gateway has seen that there are messages.
                if (ClientRequests.Read(Dialect.OpenaiChat, bytes).Chat is { PromptBytes: > 0 } chat)
                {
                    foreach (var write in Writers)
                    {
                        _ = write(chat) ? written++ : faults++;
                    }
                }
            }
            catch (Exception e)
            {
                throw new InvalidOperationException($"Seed {seed}, input {count}: {Convert.ToBase64String(bytes)}", e);
            }
        }

        output.WriteLine($"Seed {seed}: {count} bodies, {written} written for a provider, {faults} refused.");
        written.ShouldBeGreaterThan(10);
        faults.ShouldBeGreaterThan(10);
    }

    private static IEnumerable<Func<ChatRequest, bool>> Writers =>
    [
        chat => Written(buffer => AnthropicWire.Write(chat, To("claude-opus-4-8"), stream: true, maxTokens: 100, buffer).Fault),
        chat => Written(buffer => AnthropicWire.Write(chat, To("claude-3-haiku-20240307"), stream: false, maxTokens: 100, buffer).Fault),
        chat => Written(buffer => GeminiWire.Write(
            new ProviderRequest(To("gemini-3.6-flash"), chat, Stream: true, MaxTokens: 100, () => { }) { Client = new ClientBody(Dialect.OpenaiChat, chat.Body) }, buffer)),
        chat => Written(buffer =>
        {
            OpenAiWire.Write(chat, To("gpt-4o"), stream: true, maxTokens: 100, buffer);
            return null;
        }),
    ];

    private static bool Written(Func<PooledBuffer, CallFault?> write)
    {
        using var buffer = new PooledBuffer(1024);
        if (write(buffer) is { } fault)
        {
            fault.Failure.ShouldBe(CallFailure.InvalidRequest);
            fault.Message.ShouldNotBeEmpty();
            return false;
        }

        using var body = JsonDocument.Parse(buffer.WrittenMemory);
        body.RootElement.ValueKind.ShouldBe(JsonValueKind.Object);
        return true;
    }

    private static Deployment To(string model) => new() { Id = model, ModelName = model, Provider = "openai", UpstreamModel = model, Adapter = "p" };

    private static IReadOnlyList<byte[]> Corpus() =>
    [
        .. new[] { "Anthropic", "Gemini" }.SelectMany(provider =>
            Directory.EnumerateFiles(Path.Combine(RepositoryRoot.Path, "tests/Routing.Tests/Providers", provider, "Golden"), "*.request.json"))
            .Order(StringComparer.Ordinal).Select(File.ReadAllBytes),
        Encoding.UTF8.GetBytes("""{"model":"m","messages":[{"role":"user","content":"Hi"}],"n":2,"stop":["a","b"],"stream_options":{"include_usage":true}}"""),
    ];
}
