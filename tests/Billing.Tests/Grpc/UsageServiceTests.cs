using Grpc.Core;
using LlmGateway.Protos.Billing.V1;

namespace LlmGateway.Billing.Tests.Grpc;

public sealed class UsageServiceTests(BillingServer server) : IClassFixture<BillingServer>
{
    [Fact]
    public async Task A_key_that_never_called_has_used_nothing_and_knows_when_its_windows_end()
    {
        var usage = await server.Usage.GetUsageAsync(new() { AccountId = server.NewAccount(), KeyId = "key-1" });

        (usage.Day, usage.Month, usage.Total).ShouldBe((new UsageSums(), new UsageSums(), new UsageSums()));
        usage.DayEndsAt.ToDateTime().TimeOfDay.ShouldBe(TimeSpan.Zero);
        usage.MonthEndsAt.ToDateTime().Day.ShouldBe(1);
        usage.DayEndsAt.ToDateTime().ShouldBeInRange(DateTime.UnixEpoch, usage.MonthEndsAt.ToDateTime());
    }

    [Theory]
    [InlineData("", "2026-11-30", 0, "", "from")]
    [InlineData("2026-11-1", "2026-11-30", 0, "", "from")]
    [InlineData("2026-02-30", "2026-11-30", 0, "", "from")]
    [InlineData("2026-11-01T00:00:00Z", "2026-11-30", 0, "", "from")]
    [InlineData("1999-12-31", "2026-11-30", 0, "", "from")]
    [InlineData("2026-11-01", "yesterday", 0, "", "to")]
    [InlineData("2026-11-02", "2026-11-01", 0, "", "to")]
    [InlineData("2026-01-01", "2027-01-02", 0, "", "to")]
    [InlineData("2026-11-01", "2026-11-30", -1, "", "limit")]
    [InlineData("2026-11-01", "2026-11-30", 201, "", "limit")]
    [InlineData("2026-11-01", "2026-11-30", 0, "xyz", "cursor")]
    public async Task A_report_that_cannot_be_is_refused_by_its_field(string from, string to, int limit, string cursor, string field) =>
        (await RefusedAsync(new() { From = from, To = to, Limit = limit, Cursor = cursor, GroupBy = { SpendGroup.Day } })).ShouldBe(field);

    [Fact]
    public async Task Groups_and_accounts_that_are_none_are_refused_by_name()
    {
        (await RefusedAsync(Report(SpendGroup.Unspecified))).ShouldBe("group_by");
        (await RefusedAsync(Report((SpendGroup)9))).ShouldBe("group_by");
        (await RefusedAsync(Report(SpendGroup.Key, SpendGroup.Day, SpendGroup.Key))).ShouldBe("group_by");
        (await RefusedAsync(new(Report()) { AccountId = "no account" })).ShouldBe("account_id");
    }

    [Fact]
    public async Task A_year_with_its_leap_day_is_reported_and_the_order_of_groups_does_not_matter()
    {
        var reply = await server.Usage.ReportSpendAsync(new() { From = "2028-01-01", To = "2028-12-31", GroupBy = { SpendGroup.Model, SpendGroup.Day } });

        (reply.Rows.Count, reply.NextCursor).ShouldBe((0, ""));
    }

    private static SpendReportRequest Report(params SpendGroup[] groups) => new() { From = "2026-11-01", To = "2026-11-30", GroupBy = { groups } };

    private async Task<string> RefusedAsync(SpendReportRequest request)
    {
        var refused = await Should.ThrowAsync<RpcException>(() => server.Usage.ReportSpendAsync(request).ResponseAsync);
        refused.StatusCode.ShouldBe(StatusCode.InvalidArgument);
        return refused.Status.Detail.Split(": ")[0];
    }
}
