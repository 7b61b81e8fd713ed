using System.Globalization;
using LlmGateway.Billing.Spending;

namespace LlmGateway.Billing.Tests.Spending;

/// <summary>Reports over days of a year that no clock reaches, written straight into billing.usage_days.</summary>
public sealed class SpendReportTests(BillingSystem billing) : IClassFixture<BillingSystem>, IAsyncLifetime
{
    private static readonly DateOnly From = new(2019, 1, 1);
    private static readonly DateOnly To = new(2019, 1, 10);

    public static TheoryData<string> Combinations()
    {
        var data = new TheoryData<string>();
        foreach (var set in Enumerable.Range(0, 16))
        {
            data.Add(string.Join(',', Enum.GetValues<SpendGroup>().Where(group => (set & (1 << (int)group)) != 0)));
        }

        return data;
    }

    // 10 days and one after, 3 accounts, 2 keys and none, 2 models, 2 providers: a cost of its own for each.
    public Task InitializeAsync() => billing.CountAsync(
        """
        with written as (
            insert into billing.usage_days
            select 'report-' || a, case k when 0 then '' else 'key-' || k end, date '2019-01-01' + d, 'model-' || m, 'provider-' || p, 1, 10, 0, 0, 5, 0,
                d * 1000 + a * 100 + k * 10 + m * 2 + p, 0, 1
            from generate_series(0, 10) d, generate_series(1, 3) a, generate_series(0, 2) k, generate_series(0, 1) m, generate_series(0, 1) p
            on conflict do nothing returning 1)
        select count(*) from written
        """);

    public Task DisposeAsync() => Task.CompletedTask;

    [Theory]
    [MemberData(nameof(Combinations))]
    public async Task Every_grouping_adds_up_to_the_same_and_its_pages_to_the_whole(string groupBy)
    {
        SpendGroup[] groups = [.. groupBy.Split(',', StringSplitOptions.RemoveEmptyEntries).Select(Enum.Parse<SpendGroup>)];
        var (whole, pages) = (await RowsAsync(new(From, To, groups, null, null), 10_000), new List<SpendRow>());
        for (var report = new SpendReport(From, To, groups, null, null); ;)
        {
            var page = await RowsAsync(report, 7);
            pages.AddRange(page);
            if (page.Count < 7)
            {
                break;
            }

            report = report with { After = SpendReport.ReadCursor(report.CursorAfter(page[^1]), groups) };
        }

        pages.Select(Line).ShouldBe(whole.Select(Line));
        whole.Count.ShouldBe(groups.Aggregate(1, (rows, group) => rows * (group switch { SpendGroup.Day => 10, SpendGroup.Account or SpendGroup.Key => 3, _ => 2 })));
        (whole.Sum(row => row.Sums.Requests), whole.Sum(row => row.Sums.Cost.Value)).ShouldBe((360, 360 * (4_500 + 200 + 10 + 1) + 180));
    }

    [Fact]
    public async Task One_account_is_reported_alone()
    {
        var rows = await RowsAsync(new(From, From.AddDays(1), [SpendGroup.Day, SpendGroup.Model], "report-2", null), 10);

        rows.Select(Line).ShouldBe(
        [
            "2019-01-01 model-0: 6 calls, 1263", "2019-01-01 model-1: 6 calls, 1275", "2019-01-02 model-0: 6 calls, 7263", "2019-01-02 model-1: 6 calls, 7275",
        ]);
    }

    [Fact]
    public async Task A_cursor_that_somebody_made_reaches_no_day_before_the_first()
    {
        var report = new SpendReport(From.AddDays(8), To, [SpendGroup.Day], null, ["2019-01-02"]);

        (await RowsAsync(report, 10)).Select(row => row.Values[SpendGroup.Day]).ShouldBe(["2019-01-09", "2019-01-10"]);
    }

    [Theory]
    [InlineData("!")]
    [InlineData("W10")]
    [InlineData("WyIyMDE5LTAxLTAxIl0")]
    [InlineData("WyJhIiwiYiJd")]
    [InlineData("W251bGwsbnVsbF0")]
    [InlineData("e30")]
    public void A_cursor_of_something_else_is_none(string cursor) =>
        SpendReport.ReadCursor(cursor, [SpendGroup.Day, SpendGroup.Account]).ShouldBeNull();

    private Task<IReadOnlyList<SpendRow>> RowsAsync(SpendReport report, int most) =>
        UsageTests.ReadAsync(billing, usage => usage.ReportAsync(report, most, CancellationToken.None));

    private static string Line(SpendRow row) => string.Create(
        CultureInfo.InvariantCulture, $"{string.Join(' ', row.Values.Values)}: {row.Sums.Requests} calls, {row.Sums.Cost.Value}");
}
