using System.Text;
using System.Text.Json;
using LlmGateway.Protos.Billing.V1;
using LlmGateway.Routing.Dialects;
using LlmGateway.Routing.Providers.Anthropic;
using LlmGateway.Routing.Providers.Gemini;
using LlmGateway.Routing.Streaming;
using LlmGateway.Routing.Tests.Running;

namespace LlmGateway.Routing.Tests.Providers;

/// <summary>
/// R13: usage as each provider writes it, metered by Routing and charged by a real Billing, against costs computed by hand. Cached tokens
/// stand inside the prompt (OpenAI, Gemini, DeepSeek) or beside it (Anthropic), and reasoning inside the output or beside it (Gemini, xAI).
/// </summary>
public sealed class GoldenUsageTests(RoutingFixture fixture) : IClassFixture<RoutingFixture>
{
    // US dollars per million tokens are thousands of nano-dollars per token.
    private static readonly ModelPrice OpenAi = new()
    {
        Provider = "openai",
        Model = "golden-gpt",
        Input = 2_500_000_000,
        CachedInput = 1_250_000_000,
        Output = 10_000_000_000,
    };

    private static readonly ModelPrice Anthropic = new()
    {
        Provider = "anthropic",
        Model = "golden-claude",
        Input = 3_000_000_000,
        CachedInput = 300_000_000,
        CacheWrite = 3_750_000_000,
        CacheWrite1H = 6_000_000_000,
        Output = 15_000_000_000,
    };

    private static readonly ModelPrice Gemini = new()
    {
        Provider = "gemini",
        Model = "golden-gemini",
        Input = 1_250_000_000,
        CachedInput = 310_000_000,
        Output = 10_000_000_000,
    };

    [Theory]
    // 86 x 2,500 + 1,920 x 1,250 + 300 x 10,000
    [InlineData(
        """
        {"prompt_tokens":2006,"completion_tokens":300,"total_tokens":2306,"prompt_tokens_details":{"cached_tokens":1920,"audio_tokens":0},
         "completion_tokens_details":{"reasoning_tokens":128,"audio_tokens":0,"accepted_prediction_tokens":0,"rejected_prediction_tokens":0}}
        """, 5_615_000, 7_018_750)]
    // Cache writes without a price of their own cost 1.25 times the input: 500 x 2,500 + 1,000 x 1,250 + 1,500 x 3,125 + 10 x 10,000
    [InlineData(
        """
        {"prompt_tokens":3000,"completion_tokens":10,"total_tokens":3010,"prompt_tokens_details":{"cached_tokens":1000,"cache_write_tokens":1500}}
        """, 7_287_500, 9_109_375)]
    // DeepSeek: 36 x 2,500 + 64 x 1,250 + 20 x 10,000
    [InlineData(
        """
        {"prompt_tokens":100,"completion_tokens":20,"total_tokens":120,"prompt_cache_hit_tokens":64,"prompt_cache_miss_tokens":36,
         "completion_tokens_details":{"reasoning_tokens":8}}
        """, 370_000, 462_500)]
    // xAI has the reasoning in the total only: 12 x 2,500 + 387 x 10,000
    [InlineData(
        """
        {"prompt_tokens":12,"completion_tokens":1,"total_tokens":399,"completion_tokens_details":{"reasoning_tokens":386}}
        """, 3_900_000, 4_875_000)]
    // vLLM: 7 x 2,500 + 3 x 10,000
    [InlineData("""{"prompt_tokens":7,"completion_tokens":3,"total_tokens":10,"prompt_tokens_details":null}""", 47_500, 59_375)]
    // R20: an explicit zero is honoured.
    [InlineData("""{"prompt_tokens":0,"completion_tokens":0,"total_tokens":0}""", 0, 0)]
    public async Task OpenAi_and_those_like_it(string usage, long providerCost, long cost)
    {
        ChatChunk.TryRead(Encoding.UTF8.GetBytes($$"""{"choices":[],"usage":{{usage}}}"""), out var chunk).ShouldBeTrue();

        (await SettleAsync(OpenAi, chunk.Usage)).ShouldBe((providerCost, cost));
    }

    [Theory]
    // 21 x 3,000 + 2,048 x 300 + 512 x 3,750 + 400 x 6,000 + 503 x 15,000
    [InlineData(
        """
        {"input_tokens":21,"cache_creation_input_tokens":912,"cache_read_input_tokens":2048,
         "cache_creation":{"ephemeral_5m_input_tokens":512,"ephemeral_1h_input_tokens":400},"output_tokens":1,"service_tier":"standard"}
        """,
        """{"output_tokens":503,"output_tokens_details":{"thinking_tokens":217}}""", 12_542_400, 15_678_000)]
    // The last figures win, and null leaves what was: 30 x 3,000 + 100 x 300 + 50 x 3,750 + 8 x 15,000
    [InlineData(
        """{"input_tokens":25,"cache_creation_input_tokens":0,"cache_read_input_tokens":100,"output_tokens":2}""",
        """{"input_tokens":30,"cache_creation_input_tokens":50,"cache_read_input_tokens":null,"output_tokens":8}""", 427_500, 534_375)]
    // No caching at all: 10 x 3,000 + 5 x 15,000
    [InlineData("""{"input_tokens":10,"output_tokens":1,"cache_creation":null}""", """{"output_tokens":5}""", 105_000, 131_250)]
    public async Task Anthropic_cache_beside_the_input(string start, string delta, long providerCost, long cost)
    {
        var usage = default(AnthropicUsage);
        foreach (var json in new[] { start, delta })
        {
            var reader = new Utf8JsonReader(Encoding.UTF8.GetBytes(json));
            reader.Read();
            usage.Merge(ref reader);
        }

        (await SettleAsync(Anthropic, usage.ToReported())).ShouldBe((providerCost, cost));
    }

    [Theory]
    // (200 + 30) x 1,250 + 1,000 x 310 + (55 + 210) x 10,000
    [InlineData(
        """
        {"promptTokenCount":1200,"cachedContentTokenCount":1000,"toolUsePromptTokenCount":30,"candidatesTokenCount":55,"thoughtsTokenCount":210,
         "totalTokenCount":1495,"promptTokensDetails":[{"modality":"TEXT","tokenCount":1200}]}
        """, 3_247_500, 4_059_375)]
    // Thought until the limit and said nothing: 100 x 1,250 + 512 x 10,000
    [InlineData("""{"promptTokenCount":100,"thoughtsTokenCount":512,"totalTokenCount":612}""", 5_245_000, 6_556_250)]
    // Blocked: what is zero is left out. 100 x 1,250
    [InlineData("""{"promptTokenCount":100,"totalTokenCount":100}""", 125_000, 156_250)]
    public async Task Gemini_thoughts_beside_the_candidates(string usage, long providerCost, long cost)
    {
        var reader = new Utf8JsonReader(Encoding.UTF8.GetBytes(usage));
        reader.Read();

        (await SettleAsync(Gemini, GeminiUsage.Read(ref reader))).ShouldBe((providerCost, cost));
    }

    /// <summary>R20: what is missing is estimated, and said to be.</summary>
    [Fact]
    public void A_part_that_is_missing_is_estimated()
    {
        var usage = Metered(new ReportedUsage(Prompt: 50, Output: null, Cached: 0, CacheWrite: 0, Reasoning: 0));

        (usage.InputTokens, usage.OutputTokens, usage.Estimated).ShouldBe((50, 100, true));
    }

    private static Usage Metered(ReportedUsage reported)
    {
        var meter = new UsageMeter(promptBytes: 40_000, promptExtra: 0);
        meter.Content(400);
        meter.Report(reported);
        return meter.Read().ToMessage();
    }

    private async Task<(long ProviderCost, long Cost)> SettleAsync(ModelPrice price, ReportedUsage reported)
    {
        await fixture.Billing.Client.AnnouncePricesAsync(new AnnouncePricesRequest { Prices = { price } });
        var usage = Metered(reported);
        usage.Estimated.ShouldBeFalse();
        var call = new TestCall("golden");
        var candidate = new Candidate { Deployment = "golden", Provider = price.Provider, Model = price.Model };
        var hold = await fixture.Billing.Client.HoldAsync(new HoldRequest
        {
            RequestId = call.RequestId,
            AccountId = call.Account,
            Candidates = { candidate },
            PromptTokens = 20_000,
            OutputTokens = 1_000,
        });
        hold.Hold.ShouldNotBeNull();
        var settled = await fixture.Billing.Client.SettleAsync(new SettleRequest
        {
            RequestId = call.RequestId,
            ServedBy = candidate,
            Usage = usage,
            RequestedModel = "golden",
        });
        return (settled.Settlement.ProviderCostNanoUsd, settled.Settlement.CostNanoUsd);
    }
}
