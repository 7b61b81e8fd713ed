using System.Diagnostics;
using LlmGateway.Billing.Ledger;
using LlmGateway.Billing.Pricing;
using LlmGateway.ServiceDefaults;
using LlmGateway.Testing;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;

namespace LlmGateway.Billing.Tests.Ledger;

/// <summary>P7: a database that goes away, silently or not, and returns. In between is a port that the test can cut.</summary>
[Trait("Category", "Timed")]
public sealed class LostDatabaseTests : IAsyncLifetime
{
    private static readonly TimeSpan AtOnce = TimeSpan.FromMilliseconds(250);
    private static readonly TimeSpan Back = TimeSpan.FromSeconds(5);

    private readonly BillingSystem _direct = new();
    private TcpRelay? _relay;
    private BillingSystem? _billing;

    private TcpRelay Relay => _relay!;

    private BillingSystem Billing => _billing!;

    public async Task InitializeAsync()
    {
        await _direct.InitializeAsync();
        var settings = new NpgsqlConnectionStringBuilder(_direct.ConnectionString);
        _relay = new TcpRelay(settings.Port);
        settings.Port = _relay.Port;
        _billing = new BillingSystem(settings.ConnectionString);
        await _billing.InitializeAsync();
        await _billing.Services.GetRequiredService<DatabaseWatch>().StartAsync(CancellationToken.None);
    }

    public async Task DisposeAsync()
    {
        Relay.Resume();
        await Billing.Services.GetRequiredService<DatabaseWatch>().StopAsync(CancellationToken.None);
        await Billing.DisposeAsync();
        await Relay.DisposeAsync();
        await _direct.DisposeAsync();
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_second_after_the_database_went_every_call_is_refused_at_once_and_soon_after_its_return_none(bool silently)
    {
        var (account, model) = (Billing.NewAccount(), await Billing.NewModelAsync());
        await HoldAsync(account, model);
        var hanging = GoAway(silently, account, model);
        var gone = Stopwatch.GetTimestamp();
        await Task.Delay(TimeSpan.FromSeconds(1));

        while (Stopwatch.GetElapsedTime(gone) < TimeSpan.FromSeconds(4))
        {
            var calls = Enumerable.Range(0, 20).Select(_ => RefusedAfterAsync(account, model)).ToArray();
            (await Task.WhenAll(calls)).Max().ShouldBeLessThan(AtOnce);
            await Task.Delay(TimeSpan.FromMilliseconds(50));
        }

        // Those that were sent before are let go as well.
        hanging.ShouldAllBe(call => call.IsFaulted);
        Return(silently);
        var returned = Stopwatch.GetTimestamp();
        await UntilHeldAsync(account, model);
        Stopwatch.GetElapsedTime(returned).ShouldBeLessThan(Back);
        await _direct.VerifyAsync();
    }

    [Fact]
    public async Task What_was_under_way_when_the_database_went_is_charged_once_when_it_is_repeated()
    {
        var model = await Billing.NewModelAsync();
        var accounts = Enumerable.Range(0, 5).Select(_ => Billing.NewAccount()).ToArray();
        var calls = Enumerable.Range(0, 150).Select(index => CallUntilSettledAsync(accounts[index % 5], model)).ToArray();
        for (var round = 0; round < 4; round++)
        {
            await Task.WhenAny(calls.Where(call => !call.IsCompleted).DefaultIfEmpty(Task.FromResult(0)));
            Relay.Cut();
            await Task.Delay(TimeSpan.FromMilliseconds(50));
            Relay.Mend();
        }

        var interrupted = (await Task.WhenAll(calls).WaitAsync(TimeSpan.FromSeconds(60))).Sum();

        interrupted.ShouldBeGreaterThan(0);
        foreach (var account in accounts)
        {
            (await _direct.MoneyAsync(account)).ShouldBe((1000 - (30 * 20), 0));
        }

        (await _direct.CountAsync("select count(*) from billing.charges")).ShouldBe(150);
        await _direct.VerifyAsync();
    }

    private Task[] GoAway(bool silently, string account, PricedModel model)
    {
        if (silently)
        {
            Relay.Silence();
            return [.. Enumerable.Range(0, 5).Select(_ => HoldAsync(account, model))];
        }

        Relay.Cut();
        return [];
    }

    private void Return(bool silently)
    {
        if (silently)
        {
            Relay.Resume();
        }
        else
        {
            Relay.Mend();
        }
    }

    private async Task HoldAsync(string account, PricedModel model) =>
        (await Billing.HoldAsync(BillingSystem.NewRequest(), account, model, output: 1)).Value.ShouldNotBeNull();

    private async Task<TimeSpan> RefusedAfterAsync(string account, PricedModel model)
    {
        var asked = Stopwatch.GetTimestamp();
        try
        {
            await HoldAsync(account, model);
        }
        catch (Exception failure) when (StoreFailure.IsOutOfReach(failure))
        {
            return Stopwatch.GetElapsedTime(asked);
        }

        throw new InvalidOperationException("A hold was made without a database.");
    }

    private async Task UntilHeldAsync(string account, PricedModel model)
    {
        while (true)
        {
            try
            {
                await HoldAsync(account, model);
                return;
            }
            catch (Exception failure) when (StoreFailure.IsOutOfReach(failure))
            {
                await Task.Delay(TimeSpan.FromMilliseconds(20));
            }
        }
    }

    /// <returns>How often it had to be repeated.</returns>
    private async Task<int> CallUntilSettledAsync(string account, PricedModel model)
    {
        var request = BillingSystem.NewRequest();
        var repeated = await RepeatAsync(async () =>
            (await Billing.HoldAsync(request, account, model, output: 20)).Value.ShouldNotBeNull());
        return repeated + await RepeatAsync(async () =>
            (await Billing.SettleAsync(request, model, output: 20)).Value.ShouldNotBeNull().WrittenOff.ShouldBe(NanoUsd.Zero));
    }

    private static async Task<int> RepeatAsync(Func<Task> call)
    {
        for (var repeated = 0; ; repeated++)
        {
            try
            {
                await call();
                return repeated;
            }
            catch (Exception failure) when (StoreFailure.IsOutOfReach(failure))
            {
                await Task.Delay(TimeSpan.FromMilliseconds(20));
            }
        }
    }
}
