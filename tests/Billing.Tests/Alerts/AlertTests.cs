using LlmGateway.Billing.Alerts;
using LlmGateway.Billing.Ledger;
using LlmGateway.Billing.Pricing;
using LlmGateway.Billing.Tests.Ledger;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace LlmGateway.Billing.Tests.Alerts;

/// <summary>When alerts fire (R10). An account has 1,000 nano-dollars, and a token costs one.</summary>
public sealed class AlertTests(BillingSystem billing) : IClassFixture<BillingSystem>
{
    [Fact]
    public async Task An_alert_fires_when_the_threshold_is_reached_and_not_a_nano_dollar_before()
    {
        var (account, model) = (billing.NewAccount(), await billing.NewModelAsync());
        await SetAsync(account, (500, AlertWindow.Day));

        await SpendAsync(account, model, 499);
        await billing.HoldAsync(BillingSystem.NewRequest(), account, model, output: 400);
        await LookAsync(billing);
        (await EventsAsync(account)).ShouldBeEmpty();
        await SpendAsync(account, model, 1);
        await LookAsync(billing);

        var fired = (await EventsAsync(account)).ShouldHaveSingleItem();
        (fired.Alert, fired.Spend, fired.FiredAt).ShouldBe((new Alert(new(500), AlertWindow.Day), new NanoUsd(500), billing.Time.GetUtcNow()));
        fired.Starts.ShouldBe(DateOnly.FromDateTime(billing.Time.GetUtcNow().UtcDateTime));
    }

    [Fact]
    public async Task All_that_was_spent_is_summed_up_once_and_then_counted_on_refunds_included()
    {
        var (account, model) = (billing.NewAccount(), await billing.NewModelAsync());
        var refunded = await SpendAsync(account, model, 300);
        await SetAsync(account, (500, AlertWindow.Total));
        await LookAsync(billing);
        await RewriteAsync(account, 1000);

        await SpendAsync(account, model, 150);
        await new Ledger.Bookkeeper(billing).RefundAsync(refunded, 250);
        await LookAsync(billing);
        await SpendAsync(account, model, 299);
        await LookAsync(billing);
        (await EventsAsync(account)).ShouldBeEmpty();
        await SpendAsync(account, model, 1);
        await LookAsync(billing);
        await RewriteAsync(account, -1000);

        (await EventsAsync(account)).ShouldHaveSingleItem().Spend.ShouldBe(new NanoUsd(500));
        await SetAsync(account, (501, AlertWindow.Total));
        await LookAsync(billing);
        (await EventsAsync(account)).Count.ShouldBe(1);
    }

    [Fact]
    public async Task What_was_refused_or_given_back_fires_nothing()
    {
        var (account, model) = (billing.NewAccount(), await billing.NewModelAsync());
        await SetAsync(account, (1, AlertWindow.Total));
        var released = BillingSystem.NewRequest();

        (await billing.HoldAsync(BillingSystem.NewRequest(), account, model, output: 1_001)).Refusal.ShouldNotBeNull();
        await billing.HoldAsync(released, account, model, output: 1_000);
        await billing.ReleaseAsync(released);
        await LookAsync(billing);

        (await EventsAsync(account)).ShouldBeEmpty();
    }

    [Fact]
    public async Task A_hundred_calls_that_cross_at_once_fire_each_threshold_once_however_many_replicas_look()
    {
        var (account, model) = (billing.NewAccount(), await billing.NewModelAsync());
        await using var other = await billing.ReplicaAsync();
        await other.Prices.RefreshAsync(CancellationToken.None);
        await SetAsync(account, (100, AlertWindow.Day), (250, AlertWindow.Month), (400, AlertWindow.Total), (501, AlertWindow.Total));
        using var done = new CancellationTokenSource();
        var lookers = new[] { billing, other, billing, other }.Select(replica => LookUntilAsync(replica, done.Token)).ToList();

        await Task.WhenAll(Enumerable.Range(0, 100).Select(index => SpendAsync(index % 2 == 0 ? billing : other, account, model, 5)));
        await done.CancelAsync();
        await Task.WhenAll(lookers);
        await LookAsync(billing);

        var fired = await EventsAsync(account);
        fired.Select(alert => alert.Alert.Amount.Value).Order().ShouldBe([100, 250, 400]);
        fired.ShouldAllBe(alert => alert.Spend >= alert.Alert.Amount && alert.Spend <= new NanoUsd(500));
    }

    [Fact]
    public async Task Days_and_months_begin_anew_and_the_total_does_not()
    {
        await using var system = await billing.ReplicaAsync(("Billing:HoldMinutes", "60"));
        var (account, model) = (system.NewAccount(), await system.NewModelAsync());
        system.Time.Advance(new DateTimeOffset(2028, 2, 28, 23, 0, 0, TimeSpan.Zero) - system.Time.GetUtcNow());
        await SetAsync(account, (100, AlertWindow.Day), (100, AlertWindow.Month), (100, AlertWindow.Total));

        foreach (var _ in Enumerable.Range(0, 3))
        {
            await SpendAsync(system, account, model, 100);
            await LookAsync(system);
            system.Time.Advance(TimeSpan.FromDays(1));
        }

        (await EventsAsync(account)).Select(alert => $"{alert.Alert.Window} {alert.Starts:O}").Order().ShouldBe(
            ["Day 2028-02-28", "Day 2028-02-29", "Day 2028-03-01", "Month 2028-02-01", "Month 2028-03-01", "Total 1970-01-01"]);
    }

    [Fact]
    public async Task A_call_that_ends_after_midnight_counts_for_the_day_on_which_it_was_held()
    {
        await using var system = await billing.ReplicaAsync();
        var (account, model, request) = (system.NewAccount(), await system.NewModelAsync(), BillingSystem.NewRequest());
        system.Time.Advance(new DateTimeOffset(2027, 4, 30, 23, 59, 58, TimeSpan.Zero) - system.Time.GetUtcNow());
        await SetAsync(account, (100, AlertWindow.Day), (100, AlertWindow.Month));

        await system.HoldAsync(request, account, model, output: 100);
        system.Time.Advance(TimeSpan.FromSeconds(10));
        await system.SettleAsync(request, model, output: 100);
        await LookAsync(system);

        (await EventsAsync(account)).Select(alert => $"{alert.Alert.Window} {alert.Starts:O}").Order().ShouldBe(["Day 2027-04-30", "Month 2027-04-01"]);
    }

    [Fact]
    public async Task An_alert_that_is_set_late_fires_at_once_and_one_that_is_set_again_does_not_fire_again()
    {
        var (account, model) = (billing.NewAccount(), await billing.NewModelAsync());
        await SpendAsync(account, model, 300);

        await SetAsync(account, (200, AlertWindow.Day), (301, AlertWindow.Day));
        await LookAsync(billing);
        await SetAsync(account);
        await SpendAsync(account, model, 10);
        await LookAsync(billing);
        await SetAsync(account, (200, AlertWindow.Day));
        await LookAsync(billing);

        (await EventsAsync(account)).ShouldHaveSingleItem().Alert.Amount.ShouldBe(new NanoUsd(200));
        (await billing.Services.GetRequiredService<AlertList>().GetAsync(account, CancellationToken.None)).Alerts
            .ShouldBe([new Alert(new(200), AlertWindow.Day)]);
    }

    [Fact]
    public async Task Accounts_without_alerts_leave_no_notes()
    {
        var (account, model) = (billing.NewAccount(), await billing.NewModelAsync());

        await SpendAsync(account, model, 300);

        (await billing.CountAsync("select count(*) from billing.alert_changes where account_id = $1", account)).ShouldBe(0);
    }

    private Task SetAsync(string account, params (long Amount, AlertWindow Window)[] alerts) => billing.Services.GetRequiredService<AlertList>()
        .SetAsync(account, [.. alerts.Select(alert => new Alert(new(alert.Amount), alert.Window))], Bookkeeper.Actor, CancellationToken.None);

    private async Task<IReadOnlyList<AlertEvent>> EventsAsync(string account) =>
        (await billing.Services.GetRequiredService<AlertList>().GetAsync(account, CancellationToken.None)).Events;

    // By hand, so that nothing is noted.
    private async Task RewriteAsync(string account, long more)
    {
        await using var command = billing.Database.CreateCommand(
            $"begin; set local session_replication_role = replica; update billing.usage_days set cost = cost + {more} where account_id = '{account}'; commit");
        await command.ExecuteNonQueryAsync();
    }

    private Task<string> SpendAsync(string account, PricedModel model, long tokens) => SpendAsync(billing, account, model, tokens);

    internal static async Task<string> SpendAsync(BillingSystem system, string account, PricedModel model, long tokens)
    {
        var request = BillingSystem.NewRequest();
        (await system.HoldAsync(request, account, model, output: tokens)).Refusal.ShouldBeNull();
        (await system.SettleAsync(request, model, output: tokens)).Value!.Cost.ShouldBe(new(tokens));
        return request;
    }

    internal static Task<int> LookAsync(BillingSystem system) =>
        system.Services.GetServices<IHostedService>().OfType<AlertWatch>().Single().LookAsync(CancellationToken.None);

    private static async Task LookUntilAsync(BillingSystem system, CancellationToken done)
    {
        while (!done.IsCancellationRequested)
        {
            await LookAsync(system);
        }
    }
}
