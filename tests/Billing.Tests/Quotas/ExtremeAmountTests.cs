using FsCheck;
using FsCheck.Fluent;
using Grpc.Core;
using LlmGateway.Billing.Grpc;
using LlmGateway.Billing.Ledger;
using LlmGateway.Billing.Pricing;
using LlmGateway.Billing.Quotas;

namespace LlmGateway.Billing.Tests.Quotas;

/// <summary>Amounts up to what 64 bits hold, against limits up to their most: decided rightly, and never wrapped.</summary>
public sealed class ExtremeAmountTests(BillingSystem billing) : IClassFixture<BillingSystem>
{
    private const long MostTokens = 1_000_000_000;

    private static readonly BillingOptions Options = new() { DefaultBalance = 1_000_000m };
    private static readonly long Grant = Options.DefaultGrant.Value;

    private static readonly Gen<Wanted> Wishes =
        from amount in Around(0, 1, Grant, KeyLimits.MostCost.Value, long.MaxValue)
        from prompt in Around(0, MostTokens).Where(tokens => tokens <= MostTokens)
        from output in Around(0, MostTokens).Where(tokens => tokens <= MostTokens)
        from tokenLimit in Around(0, 1, 2 * MostTokens, KeyLimits.MostTokens).Where(limit => limit <= KeyLimits.MostTokens)
        from costLimit in Around(0, 1, Grant, KeyLimits.MostCost.Value).Where(limit => limit <= KeyLimits.MostCost.Value)
        select new Wanted(amount, prompt, output, tokenLimit, costLimit);

    [Fact]
    public void A_hold_is_made_exactly_where_it_fits_and_otherwise_changes_nothing() => Check.One(
        Config.QuickThrowOnFailure.WithMaxTest(200),
        Prop.ForAll(Arb.From(Wishes), wanted => HoldAsync(wanted).GetAwaiter().GetResult()));

    [Fact]
    public async Task A_settlement_beyond_every_price_is_written_off_and_the_balance_is_zero_not_less()
    {
        var (account, request) = (billing.NewAccount(), BillingSystem.NewRequest());
        await using var connection = await billing.Database.OpenConnectionAsync();
        await HoldStatement.ExecuteAsync(
            connection, [new(request, account, "key-1", new(5), 1, 1, 0, "[]") { Limits = new() { TotalCost = new(5) } }], new() { DefaultBalance = 0.000001m },
            billing.Time.GetUtcNow(), CancellationToken.None);
        var call = new UsedCall(
            request, new("p", "m"), "d", "m", new(MostTokens, MostTokens, MostTokens, MostTokens), 0, Estimated: false, billing.Time.GetUtcNow(), 0, 0, "[]");

        var settled = await SettleStatement.ExecuteAsync(
            connection, [new(call, new(long.MaxValue - 1000), 0) { ProviderCosts = [new(1, call.Served, "d", call.Tokens, 0, new(long.MaxValue))] }], billing.Time.GetUtcNow(), CancellationToken.None);

        settled[0].ShouldNotBeNull().WrittenOff.ShouldBe(new NanoUsd(long.MaxValue - 2000));
        (await billing.MoneyAsync(account)).ShouldBe((0, 0));
        (await billing.WindowAsync(account, "total", new(1970, 1, 1))).ShouldBe(new WindowFigures(4 * MostTokens, 0, long.MaxValue - 1000, 0));
    }

    [Fact]
    public async Task A_call_that_costs_more_than_any_may_is_refused_by_field_and_its_account_goes_on()
    {
        var account = billing.NewAccount();
        var dear = await billing.NewModelAsync(new(0, 0, 0, TokenPrices.Highest));
        var (absurd, next, before) = (BillingSystem.NewRequest(), BillingSystem.NewRequest(), 10_000_000L);
        foreach (var request in new[] { absurd, next })
        {
            await billing.Holds.HoldAsync(new(request, account, "key-1", [dear], 0, MostTokens, 0) { Lost = true }, CancellationToken.None);
        }

        var refused = await Task.WhenAll(Enumerable.Range(0, 3).Select(_ => billing.SettleAsync(absurd, dear, before)));
        var settled = (await billing.SettleAsync(next, dear, output: before - 2_000_000)).Value.ShouldNotBeNull();

        refused.ShouldAllBe(answer => answer.Refusal!.Reason == LedgerRefusalReason.TooDear);
        Should.Throw<RpcException>(() => refused[0].ToReply()).Status
            .ShouldBe(new Status(StatusCode.InvalidArgument, "usage: costs more than 1,000,000 USD."));
        (settled.Cost.Value, settled.WrittenOff.Value).ShouldBe((1_000_000_000_000_000, 999_999_999_999_000));
        (await billing.CountAsync("select count(*) from billing.charges where request_id = $1", absurd)).ShouldBe(0);
        await billing.VerifyAsync();
    }

    [Fact]
    public async Task A_sum_that_does_not_fit_is_refused_and_changes_nothing()
    {
        var (account, model) = (billing.NewAccount(), await billing.NewModelAsync());
        var (first, second) = (BillingSystem.NewRequest(), BillingSystem.NewRequest());
        await billing.HoldAsync(first, account, model, output: 5);
        await billing.HoldAsync(second, account, model, output: 5);
        await SettleAsync(first, long.MaxValue - 1000);
        var before = await new Ledger.Bookkeeper(billing).DumpAsync();

        (await Should.ThrowAsync<Npgsql.PostgresException>(() => SettleAsync(second, long.MaxValue - 1000))).SqlState
            .ShouldBe(Npgsql.PostgresErrorCodes.NumericValueOutOfRange);

        (await new Ledger.Bookkeeper(billing).DumpAsync()).ShouldBe(before);

        async Task SettleAsync(string request, long cost)
        {
            await using var connection = await billing.Database.OpenConnectionAsync();
            await SettleStatement.ExecuteAsync(
                connection,
                [new(new(request, model, "d", "m", new(0, 0, 0, 1), 0, Estimated: false, billing.Time.GetUtcNow(), 0, 0, "[]"), new(cost), 0)],
                billing.Time.GetUtcNow(), CancellationToken.None);
        }
    }

    private async Task HoldAsync(Wanted wanted)
    {
        var account = billing.NewAccount();
        await using var connection = await billing.Database.OpenConnectionAsync();
        var line = new HoldLine(BillingSystem.NewRequest(), account, "key-1", new(wanted.Amount), wanted.Prompt, wanted.Output, 0, "[]")
        {
            MinOutputTokens = 0,
            Limits = new() { DailyTokens = wanted.TokenLimit, MonthlyCost = new(wanted.CostLimit) },
        };

        var row = (await HoldStatement.ExecuteAsync(connection, [line, line with { RequestId = BillingSystem.NewRequest() }], Options, billing.Time.GetUtcNow(), CancellationToken.None))[0];

        var fits = wanted.TokenLimit > 0 && wanted.Amount <= Math.Min(Grant, wanted.CostLimit);
        row.Outcome.ShouldBe(fits ? HoldOutcome.Held : HoldOutcome.Insufficient);
        if (fits)
        {
            row.OutputTokens.ShouldBe(Math.Max(Math.Min(wanted.Output, wanted.TokenLimit - wanted.Prompt), 0));
        }

        var (balance, held) = await billing.MoneyAsync(account);
        balance.ShouldBe(Grant);
        held.ShouldBeInRange(fits ? wanted.Amount : 0, fits ? Math.Min(Grant, wanted.CostLimit) : 0);
    }

    /// <summary>The values and those on both sides of them; none below zero.</summary>
    private static Gen<long> Around(params long[] values) => Gen.Elements(values.SelectMany(value => new[]
    {
        Math.Max(value - 1, 0), value, value == long.MaxValue ? value : value + 1, value / 2,
    }).ToArray());

    public sealed record Wanted(long Amount, long Prompt, long Output, long TokenLimit, long CostLimit);
}
