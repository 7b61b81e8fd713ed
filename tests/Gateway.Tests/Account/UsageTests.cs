using System.Net;
using System.Text.Json;
using Google.Protobuf.WellKnownTypes;
using LlmGateway.Gateway.Account;
using LlmGateway.Gateway.Authentication;
using LlmGateway.Gateway.Limits;
using LlmGateway.Gateway.Tests.Hosting;
using LlmGateway.Protos.Billing.V1;
using LlmGateway.Protos.Keys.V1;

namespace LlmGateway.Gateway.Tests.Account;

[Collection(GatewayCollection.Name)]
public sealed class UsageTests(GatewayHost gateway)
{
    private static readonly AccountUsage Usage = new()
    {
        Day = new() { Requests = 1, InputTokens = 100, CachedInputTokens = 20, CacheWriteTokens = 3, OutputTokens = 50, ReasoningTokens = 40, CostNanoUsd = 1_500_000_000 },
        DayEndsAt = Timestamp.FromDateTime(new DateTime(2026, 11, 22, 0, 0, 0, DateTimeKind.Utc)),
        Month = new() { Requests = 2, InputTokens = 200, OutputTokens = 100, CostNanoUsd = 3_000_000_001 },
        MonthEndsAt = Timestamp.FromDateTime(new DateTime(2026, 12, 1, 0, 0, 0, DateTimeKind.Utc)),
        Total = new() { Requests = 3, InputTokens = 300, CachedInputTokens = 30, OutputTokens = 170, CostNanoUsd = 4_000_000_000 },
    };

    private static readonly Caller Unlimited = new("acme", "key-1", "sk-test-...", Role.Account);

    private static readonly Caller Limited = Unlimited with
    {
        Tariff = new("basic", "basic", "For trying out"),
        Limits = new() { TotalTokens = 1_500, DailyTokens = 173, MonthlyTokens = 299, DailyNanoUsd = 2_000_000_000, MonthlyNanoUsd = 1, RequestsPerHour = 60, Parallel = 4 },
    };

    private static readonly DateTimeOffset Eleven = new(2026, 11, 21, 11, 0, 0, TimeSpan.Zero);

    private static readonly LimitReadings Readings = new(
        [
            new(new(LimitScope.Key, RateUnit.Requests, 60, 3_600_000, "k"), 61, Eleven),
            new(new(LimitScope.Key, RateUnit.Parallel, 4, 0, "p"), 1, null),
            new(new(LimitScope.Account, RateUnit.Requests, 100, 60_000, "a"), 7, Eleven),
            new(new(LimitScope.Global, RateUnit.Requests, 9, 60_000, "g"), 8, Eleven),
        ],
        "redis");

    [Theory]
    [InlineData("/usage")]
    [InlineData("/limits")]
    [InlineData("/tariff")]
    public async Task Without_Billing_the_answer_is_503(string path)
    {
        using var client = gateway.Client();

        using var response = await client.GetAsync(path);

        var error = await ErrorAnswer.ReadAsync(response);
        (error.Status, error.Code).ShouldBe((HttpStatusCode.ServiceUnavailable, "billing_unavailable"));
    }

    [Fact]
    public void Usage_has_the_shape_of_the_contract_and_nothing_remaining_is_negative() =>
        JsonSerializer.Serialize(UsageBody.From(Limited, Usage, Readings), UsageJson.Wire.UsageBody).ShouldBe(
            """{"api_key":"sk-test-...","billing":{"daily":{"used":173,"limit":173,"remaining":0,"resets_at":"2026-11-22T00:00:00Z","usd":{"used":1.5,"limit":2,"remaining":0.5}},"""
            + """ "monthly":{"used":300,"limit":299,"remaining":0,"resets_at":"2026-12-01T00:00:00Z","usd":{"used":3.000000001,"limit":0.000000001,"remaining":0}}},""".TrimStart()
            + """ "tokens":{"prompt":330,"completion":170,"total":500,"requests":3},"tariff":{"max_tokens":1500,"name":"basic","description":"For trying out","api_key":"sk-test-..."},""".TrimStart()
            + """ "rate_limit":{"limit":60,"window_seconds":3600,"current_count":61,"remaining":0,"storage":"redis"}}""".TrimStart());

    [Fact]
    public void Usage_of_a_key_without_limits_has_nulls_for_them()
    {
        var json = JsonSerializer.SerializeToElement(UsageBody.From(Unlimited, Usage, new([], "memory")), UsageJson.Wire.UsageBody);

        json.GetProperty("billing").GetProperty("daily").GetRawText().ShouldBe(
            """{"used":173,"limit":null,"remaining":null,"resets_at":"2026-11-22T00:00:00Z","usd":{"used":1.5,"limit":null,"remaining":null}}""");
        json.GetProperty("rate_limit").GetRawText().ShouldBe(
            """{"limit":null,"window_seconds":null,"current_count":null,"remaining":null,"storage":"memory"}""");
    }

    [Fact]
    public void Limits_are_listed_by_name_with_what_is_used_of_them() =>
        JsonSerializer.Serialize(LimitsAnswer.From(Limited, Usage, Readings), UsageJson.Wire.LimitsAnswer).ShouldBe(string.Concat(
            """{"api_key":"sk-test-...","limits":[{"name":"total_tokens","limit":1500,"used":500,"remaining":1000,"resets_at":null},""",
            """{"name":"daily_tokens","limit":173,"used":173,"remaining":0,"resets_at":"2026-11-22T00:00:00Z"},""",
            """{"name":"monthly_tokens","limit":299,"used":300,"remaining":0,"resets_at":"2026-12-01T00:00:00Z"},""",
            """{"name":"total_usd","limit":null,"used":4,"remaining":null,"resets_at":null},""",
            """{"name":"daily_usd","limit":2,"used":1.5,"remaining":0.5,"resets_at":"2026-11-22T00:00:00Z"},""",
            """{"name":"monthly_usd","limit":0.000000001,"used":3.000000001,"remaining":0,"resets_at":"2026-12-01T00:00:00Z"},""",
            """{"name":"requests_per_minute","limit":null,"used":null,"remaining":null,"resets_at":null},""",
            """{"name":"requests_per_hour","limit":60,"used":61,"remaining":0,"resets_at":"2026-11-21T11:00:00Z"},""",
            """{"name":"tokens_per_minute","limit":null,"used":null,"remaining":null,"resets_at":null},""",
            """{"name":"parallel","limit":4,"used":1,"remaining":3,"resets_at":null},""",
            """{"name":"account_requests_per_minute","limit":100,"used":7,"remaining":93,"resets_at":"2026-11-21T11:00:00Z"}]}"""));

    [Theory]
    [InlineData(1_500L, """{"used_tokens":500,"remaining_tokens":1000,"usage_percentage":33.33}""")]
    [InlineData(400L, """{"used_tokens":500,"remaining_tokens":0,"usage_percentage":100}""")]
    [InlineData(0L, """{"used_tokens":500,"remaining_tokens":0,"usage_percentage":100}""")]
    [InlineData(null, """{"used_tokens":500,"remaining_tokens":null,"usage_percentage":null}""")]
    public void A_tariff_shows_how_much_of_it_is_used(long? limit, string expected) => JsonSerializer
        .SerializeToElement(TariffAnswer.From(Unlimited with { Limits = new() { TotalTokens = limit } }, Usage), UsageJson.Wire.TariffAnswer)
        .GetProperty("usage").GetRawText().ShouldBe(expected);

    [Fact]
    public void A_key_without_a_tariff_has_the_defaults() =>
        JsonSerializer.SerializeToElement(TariffAnswer.From(Unlimited, Usage), UsageJson.Wire.TariffAnswer).GetProperty("tariff").GetRawText()
            .ShouldBe("""{"max_tokens":null,"name":"default","description":"The configured defaults.","api_key":"sk-test-..."}""");
}
