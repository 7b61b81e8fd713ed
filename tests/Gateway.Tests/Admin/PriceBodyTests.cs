using System.Text;
using System.Text.Json;
using LlmGateway.Gateway.Admin;
using LlmGateway.Protos.Billing.V1;

namespace LlmGateway.Gateway.Tests.Admin;

public sealed class PriceBodyTests
{
    [Fact]
    public void A_price_is_read_exactly_and_written_as_it_was()
    {
        var body = Read(
            """
            {"provider":"openai","model":"m","input":2.5,"cached_input":0.000000001,"cache_write":0,"cache_write_1h":4,"output":10,"reasoning":3,
             "per_request":0.01,"tiers":[{"prompt_tokens_above":200000,"input":5,"cache_write_1h":8}],"effective_from":"2027-01-01T00:00:00Z","source_name":"s"}
            """);

        body.Fault().ShouldBeNull();
        var request = body.ToRequest();
        request.EffectiveFrom.ToDateTime().ShouldBe(new DateTime(2027, 1, 1, 0, 0, 0, DateTimeKind.Utc));
        request.Price.ShouldBe(new ModelPrice
        {
            Provider = "openai",
            Model = "m",
            Input = 2_500_000_000,
            CachedInput = 1,
            CacheWrite = 0,
            CacheWrite1H = 4_000_000_000,
            Output = 10_000_000_000,
            Reasoning = 3_000_000_000,
            PerRequest = 10_000_000,
            Tiers = { new PriceTier { PromptTokensAbove = 200_000, Input = 5_000_000_000, CacheWrite1H = 8_000_000_000 } },
        });

        var version = new PriceVersion { Id = 7, Price = request.Price, Source = "administrator", State = "planned", EffectiveFrom = request.EffectiveFrom };
        JsonSerializer.Serialize(PriceBody.From(version), AdminJson.Wire.PriceBody).ShouldBe(
            """{"object":"price","id":7,"provider":"openai","model":"m","source":"administrator","state":"planned","input":2.5,"cached_input":0.000000001,"""
            + """ "cache_write":0,"cache_write_1h":4,"output":10,"reasoning":3,"per_request":0.01,"tiers":[{"prompt_tokens_above":200000,"input":5,"cached_input":null,"cache_write":null,"cache_write_1h":8,"output":null,"reasoning":null}],"same_as":null,"effective_from":"2027-01-01T00:00:00Z","source_name":null,"as_of":null,"created_at":null,"actor":null}""".TrimStart());
    }

    [Theory]
    [InlineData("""{"model":"m","input":1,"output":1}""", "provider")]
    [InlineData("""{"provider":"p","input":1,"output":1}""", "model")]
    [InlineData("""{"provider":"p","model":"m","output":1}""", "input")]
    [InlineData("""{"provider":"p","model":"m","input":1}""", "output")]
    [InlineData("""{"provider":"p","model":"m"}""", "input")]
    [InlineData("""{"provider":"p","model":"m","withdraw":true,"input":1}""", "withdraw")]
    [InlineData("""{"provider":"p","model":"m","input":1,"output":1,"tiers":[null]}""", "tiers")]
    public void A_price_that_lacks_something_is_told_what(string json, string param) => Read(json).Fault()!.Param.ShouldBe(param);

    [Theory]
    [InlineData("""{"provider":"p","model":"m","input":-1,"output":1}""", "input")]
    [InlineData("""{"provider":"p","model":"m","input":1e-3,"output":1}""", "input")]
    [InlineData("""{"provider":"p","model":"m","input":"1","output":1}""", "input")]
    [InlineData("""{"provider":"p","model":"m","input":0.0000000001,"output":1}""", "input")]
    [InlineData("""{"provider":"p","model":"m","input":1,"output":1,"price":1}""", "price")]
    public void An_amount_that_is_none_is_refused_by_name(string json, string param)
    {
        AdminBody.Parse(Encoding.UTF8.GetBytes(json), AdminJson.Read.NewPriceBody, out var error).ShouldBeNull();

        error!.Param.ShouldBe(param);
    }

    [Fact]
    public void A_withdrawal_has_no_price() =>
        Read("""{"provider":"p","model":"m","withdraw":true}""").ToRequest().Price.ShouldBe(new ModelPrice { Provider = "p", Model = "m" });

    [Theory]
    [InlineData("""{"to":"2027-01-01T00:00:00Z"}""", "from")]
    [InlineData("""{"from":"2027-01-01T00:00:00Z"}""", "to")]
    [InlineData("""{"from":"2027-01-01T00:00:00Z","to":"2027-02-01T00:00:00Z","model":"gpt-4o"}""", "model")]
    [InlineData("""{"from":"2027-01-01T00:00:00Z","to":"2027-02-01T00:00:00Z","model":"openai/"}""", "model")]
    public void A_period_that_lacks_something_is_told_what(string json, string param) =>
        AdminBody.Parse(Encoding.UTF8.GetBytes(json), AdminJson.Read.RerateBody, out _)!.Fault()!.Param.ShouldBe(param);

    [Fact]
    public void A_models_own_name_may_have_slashes()
    {
        var body = AdminBody.Parse(
            """{"from":"2027-01-01T00:00:00Z","to":"2027-02-01T00:00:00Z","model":"vllm/meta/llama","dry_run":true}"""u8, AdminJson.Read.RerateBody, out _);

        (body!.ToRequest().Model, body.ToRequest().DryRun).ShouldBe((new ModelName { Provider = "vllm", Model = "meta/llama" }, true));
    }

    private static NewPriceBody Read(string json) => AdminBody.Parse(Encoding.UTF8.GetBytes(json), AdminJson.Read.NewPriceBody, out _)!;
}
