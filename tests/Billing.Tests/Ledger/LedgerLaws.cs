using System.Globalization;
using FsCheck;
using FsCheck.Fluent;
using LlmGateway.Billing.Ledger;
using LlmGateway.Billing.Pricing;
using LlmGateway.Billing.Quotas;
using Microsoft.EntityFrameworkCore;

namespace LlmGateway.Billing.Tests.Ledger;

/// <summary>
/// Any interleaving of hold, extend, settle, release, renew and expiry by three keys of an account, two of them with limits, keeps P1 and P4:
/// one after the other the answers and figures are those of a model that is a page long, over days and months; at once, the ledger still adds up.
/// </summary>
public sealed class LedgerLaws(BillingSystem billing) : IClassFixture<BillingSystem>
{
    private const int Requests = 12;
    private const int Keys = 3;

    private static readonly Gen<Step> OneStep =
        from kind in Gen.Frequency(
            (9, Gen.Constant(Kind.Hold)), (5, Gen.Constant(Kind.Settle)), (2, Gen.Constant(Kind.Release)), (4, Gen.Constant(Kind.Extend)),
            (1, Gen.Constant(Kind.Renew)), (1, Gen.Constant(Kind.Wait)), (1, Gen.Constant(Kind.Night)), (1, Gen.Constant(Kind.Sweep)))
        from request in Gen.Choose(0, Requests - 1)
        from tokens in Gen.Frequency((6, Gen.Choose(0, 250)), (1, Gen.Choose(0, 1000)))
        from unlimited in Gen.Frequency((4, Gen.Constant(false)), (1, Gen.Constant(true)))
        select new Step(kind, request, tokens, unlimited);

    private static readonly Arbitrary<Step[]> Steps = Arb.From(
        OneStep.ArrayOf(),
        steps => steps.Select((_, index) => steps.Where((_, other) => other != index).ToArray()));

    public enum Kind
    {
        Hold,
        Extend,
        Settle,
        Release,
        Renew,
        Wait,
        Night,
        Sweep,
    }

    [Fact]
    public void One_after_the_other_the_ledger_answers_as_its_model_does() => Check.One(
        Config.QuickThrowOnFailure.WithMaxTest(25).WithStartSize(20).WithEndSize(100),
        Prop.ForAll(Steps, steps => RunInOrderAsync(steps).GetAwaiter().GetResult()));

    [Fact]
    public void At_once_the_ledger_still_adds_up_and_nothing_is_overspent() => Check.One(
        Config.QuickThrowOnFailure.WithMaxTest(40).WithEndSize(40),
        Prop.ForAll(Steps, steps => RunAtOnceAsync(steps).GetAwaiter().GetResult()));

    private async Task RunInOrderAsync(Step[] steps)
    {
        var run = await RunAsync();
        var model = new LedgerModel();
        foreach (var step in steps)
        {
            var answer = await run.PlayAsync(step);
            answer.ShouldBe(model.Play(step, billing.Time.GetUtcNow()), $"{step} of {string.Join(", ", steps)}");
            (await billing.MoneyAsync(run.Account)).ShouldBe((model.Balance, model.Held));
        }

        foreach (var window in await run.WindowsAsync())
        {
            window.Figures.ShouldBe(model.Window(int.Parse(window.Key, CultureInfo.InvariantCulture), window.Kind, window.Starts), $"{window} after {string.Join(", ", steps)}");
        }

        await billing.VerifyAsync();
        await run.CloseAsync();
    }

    private async Task RunAtOnceAsync(Step[] steps)
    {
        var run = await RunAsync();
        await Task.WhenAll(steps.Select(run.PlayAsync));

        var (balance, held) = await billing.MoneyAsync(run.Account);
        held.ShouldBeInRange(0, balance);
        (await billing.CountAsync(
            "select coalesce(sum(cost - written_off), 0) from billing.charges where account_id = $1", run.Account)).ShouldBe(1000 - balance);
        await billing.VerifyAsync();
        await run.CloseAsync();
    }

    private async Task<Run> RunAsync() => new(
        billing, billing.NewAccount(), await billing.NewModelAsync(), [.. Enumerable.Range(0, Requests).Select(_ => BillingSystem.NewRequest())]);

    /// <param name="Unlimited">The key's limits are not sent along.</param>
    public sealed record Step(Kind Kind, int Request, int Tokens, bool Unlimited)
    {
        /// <summary>The request's.</summary>
        public int Key => Request % Keys;

        /// <summary>What an extension asks for: more than most holds, and up to all of the balance.</summary>
        public int Larger => Tokens * 2;
    }

    /// <summary>The first key has none. They are so small that a run meets each of them.</summary>
    internal static KeyLimits? LimitsOf(Step step) => step.Unlimited ? null : step.Key switch
    {
        0 => null,
        1 => new() { DailyTokens = 100, MonthlyCost = new(400), TotalTokens = 500 },
        _ => new() { TotalCost = new(450), MonthlyTokens = 400, DailyCost = new(200) },
    };

    internal sealed record WindowRow(string Key, string Kind, DateOnly Starts, WindowFigures Figures);

    private sealed record Run(BillingSystem Billing, string Account, PricedModel Model, string[] Ids)
    {
        /// <returns>What the caller learns, as text; empty where that is nothing.</returns>
        public async Task<string> PlayAsync(Step step)
        {
            var id = Ids[step.Request];
            switch (step.Kind)
            {
                case Kind.Hold:
                    var hold = await Billing.HoldAsync(
                        id, Account, Model, step.Tokens, min: step.Tokens / 2, limits: LimitsOf(step), key: step.Key.ToString(CultureInfo.InvariantCulture));
                    return Text(hold);
                case Kind.Extend:
                    return Text(await Billing.ExtendAsync(id, step.Larger));
                case Kind.Settle:
                    var answer = await Billing.SettleAsync(id, Model, step.Tokens);
                    return answer.Value is { } settled
                        ? $"settled {settled.Cost.Value} {settled.WrittenOff.Value} {settled.Balance.Value}"
                        : $"{answer.Refusal!.Reason}";
                case Kind.Release:
                    await Billing.ReleaseAsync(id);
                    return "";
                case Kind.Renew:
                    return (await Billing.Holds.RenewAsync(id, CancellationToken.None)).Refusal?.Reason.ToString() ?? "renewed";
                case Kind.Wait:
                    Billing.Time.Advance(TimeSpan.FromMinutes(6));
                    return "";
                case Kind.Night:
                    Billing.Time.Advance(TimeSpan.FromDays(step.Tokens % 9 / 2.0));
                    return "";
                default:
                    await Billing.SweepAsync();
                    return "";
            }
        }

        public Task<WindowRow[]> WindowsAsync() => Billing.ReadAsync(db => db.KeyWindows.Where(window => window.AccountId == Account)
            .Select(window => new WindowRow(
                window.KeyId, window.Kind, window.Starts, new(window.UsedTokens, window.HeldTokens, window.UsedCost, window.HeldCost)))
            .ToArrayAsync());

        private static string Text(Answer<GrantedHold> answer) => answer switch
        {
            { Value: { } hold } => $"held {hold.Amount.Value} for {hold.OutputTokens}",
            { Refusal: { Limit: { } limit } refusal } => $"{refusal.Reason} {limit.Window} {limit.Unit} {limit.Limit} {limit.Used} {limit.Held}",
            _ => $"{answer.Refusal!.Reason}",
        };

        public async Task CloseAsync()
        {
            foreach (var id in Ids)
            {
                await Billing.ReleaseAsync(id);
            }
        }
    }
}
