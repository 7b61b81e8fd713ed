using System.Net;
using System.Text.Json;
using LlmGateway.Gateway.Admin;
using LlmGateway.Gateway.Tests.Hosting;
using LlmGateway.Protos.Billing.V1;
using LlmGateway.Protos.Keys.V1;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.WebUtilities;

namespace LlmGateway.Gateway.Tests.Admin;

[Collection(GatewayCollection.Name)]
public sealed class SpendReportTests(GatewayHost gateway)
{
    [Theory]
    [InlineData("", "from")]
    [InlineData("from=2026-11-01", "to")]
    [InlineData("from=&to=2026-11-30", "from")]
    [InlineData("from=2026-11-01&from=2026-11-02&to=2026-11-30", "from")]
    [InlineData("from=2026-11-01&to=2026-11-30&group_by=week", "group_by")]
    [InlineData("from=2026-11-01&to=2026-11-30&group_by=", "group_by")]
    [InlineData("from=2026-11-01&to=2026-11-30&group_by=day,day", "group_by")]
    [InlineData("from=2026-11-01&to=2026-11-30&group_by=day&group_by=key", "group_by")]
    [InlineData("from=2026-11-01&to=2026-11-30&group_by=Day", "group_by")]
    [InlineData("from=2026-11-01&to=2026-11-30&account=", "account")]
    [InlineData("from=2026-11-01&to=2026-11-30&account=no%20account", "account")]
    [InlineData("from=2026-11-01&to=2026-11-30&limit=0", "limit")]
    [InlineData("from=2026-11-01&to=2026-11-30&limit=201", "limit")]
    [InlineData("from=2026-11-01&to=2026-11-30&cursor=a&cursor=b", "cursor")]
    [InlineData("from=2026-11-01&to=2026-11-30&key=7", "key")]
    public async Task A_query_that_cannot_be_is_refused_by_its_field(string query, string param)
    {
        using var client = gateway.ClientOf(Role.Operator);

        using var response = await client.GetAsync($"/admin/reports/spend?{query}");

        var error = await ErrorAnswer.ReadAsync(response);
        (error.Status, error.Param).ShouldBe((HttpStatusCode.BadRequest, param));
    }

    [Fact]
    public void A_query_says_everything_that_a_report_needs()
    {
        var query = new QueryCollection(QueryHelpers.ParseQuery("?from=2026-11-01&to=2026-11-30&group_by=model,day&account=acme&limit=7&cursor=abc"));

        UsageEndpoints.Read(query, out var request).ShouldBeNull();

        request.ShouldBe(new SpendReportRequest
        {
            From = "2026-11-01",
            To = "2026-11-30",
            GroupBy = { SpendGroup.Model, SpendGroup.Day },
            AccountId = "acme",
            Limit = 7,
            Cursor = "abc",
        });
    }

    [Fact]
    public void A_row_has_nulls_for_what_it_is_not_grouped_by()
    {
        var row = new SpendRow { Day = "2026-11-21", KeyId = "", Sums = new() { Requests = 2, OutputTokens = 5, CostNanoUsd = 1_500_000_000, ProviderCostNanoUsd = -1 } };

        JsonSerializer.Serialize(SpendBody.From(row, withInternals: true), AdminJson.Wire.SpendBody).ShouldBe(
            """{"object":"spend","day":"2026-11-21","account_id":null,"key_id":"","model":null,"usage":{"requests":2,"input_tokens":0,"cached_input_tokens":0,"cache_write_tokens":0,"output_tokens":5,"reasoning_tokens":0,"cost":1.5,"written_off":0,"provider_cost":-0.000000001}}""");
    }

    [Fact]
    public void What_calls_cost_us_is_left_out_for_who_may_not_see_it()
    {
        var sums = new UsageSums { Requests = 2, CostNanoUsd = 5, ProviderCostNanoUsd = 4 };
        var totals = new Totals { Day = sums, Month = sums, BalanceUsd = "21000000000.000000003", HeldUsd = "0" };
        var money = new GetBalanceReply { BalanceNanoUsd = -5_000_000_000, HeldNanoUsd = 1_000_000_000, OverdraftNanoUsd = 8_000_000_000 };
        var usage = new AccountUsage { Day = sums, Month = sums, Total = sums };

        JsonSerializer.Serialize(SpendBody.From(new() { Sums = sums }, withInternals: false), AdminJson.Wire.SpendBody).ShouldNotContain("provider_cost");
        JsonSerializer.Serialize(MoneyStats.From(totals, withInternals: false), AdminJson.Wire.MoneyStats).ShouldNotContain("provider_cost");
        JsonSerializer.Serialize(MoneyStats.From(totals, withInternals: true), AdminJson.Wire.MoneyStats)
            .ShouldEndWith(""","provider_cost":0.000000004},"balance":21000000000.000000003,"held":0}""");
        JsonSerializer.Serialize(AccountUsageBody.From("acme", money, usage, withInternals: false), AdminJson.Wire.AccountUsageBody)
            .ShouldStartWith("""{"object":"usage","account_id":"acme","balance":-5,"held":1,"overdraft":8,"available":2,"day":{"requests":2""");
        JsonSerializer.Serialize(AccountUsageBody.From("acme", money, usage, withInternals: false), AdminJson.Wire.AccountUsageBody)
            .ShouldNotContain("provider_cost");
    }
}
