using System.Globalization;
using FsCheck;
using FsCheck.Fluent;
using LlmGateway.Billing.Ledger;
using LlmGateway.Billing.Pricing;

namespace LlmGateway.Billing.Tests.Ledger;

/// <summary>
/// Any interleaving of top-up, refund, adjustment and rerating with holds and settlements keeps P1 and P4: one after the other the answers are
/// those of a model that is a page long; at once, a verification finds nothing.
/// </summary>
public sealed class BookingLaws(BillingSystem billing) : IClassFixture<BillingSystem>
{
    private const int Requests = 4;

    private static readonly Arbitrary<Step[]> Steps = Arb.From(
        Gen.Choose(0, Requests - 1).SelectMany(_ => Gen.Choose(1, 400), (request, amount) => (request, amount))
            .SelectMany(
                _ => Gen.Frequency(
                    (4, Gen.Constant(Kind.Hold)), (4, Gen.Constant(Kind.Settle)), (2, Gen.Constant(Kind.TopUp)), (3, Gen.Constant(Kind.Charge)),
                    (3, Gen.Constant(Kind.Refund)), (1, Gen.Constant(Kind.RefundWhole)), (3, Gen.Constant(Kind.Rerate))),
                (call, kind) => new Step(kind, call.request, call.amount))
            .ArrayOf(),
        steps => steps.Select((_, index) => steps.Where((_, other) => other != index).ToArray()));

    public enum Kind
    {
        Hold,
        Settle,
        TopUp,

        /// <summary>An adjustment that takes money.</summary>
        Charge,
        Refund,
        RefundWhole,

        /// <summary>At a price of 1 to 3 nano-dollars a token.</summary>
        Rerate,
    }

    [Fact]
    public void One_after_the_other_the_ledger_answers_as_its_model_does() => Check.One(
        Config.QuickThrowOnFailure.WithMaxTest(25).WithEndSize(40),
        Prop.ForAll(Steps, steps => RunInOrderAsync(steps).GetAwaiter().GetResult()));

    [Fact]
    public void At_once_a_verification_finds_nothing_and_nothing_is_overspent() => Check.One(
        Config.QuickThrowOnFailure.WithMaxTest(20).WithEndSize(40),
        Prop.ForAll(Steps, steps => RunAtOnceAsync(steps).GetAwaiter().GetResult()));

    private async Task RunInOrderAsync(Step[] steps)
    {
        var run = await RunAsync();
        var model = new BookingModel();
        foreach (var step in steps)
        {
            (await run.PlayAsync(step)).ShouldBe(model.Play(step), $"{step} of {string.Join(", ", steps)}");
            (await billing.MoneyAsync(run.Account)).ShouldBe((model.Balance, model.Held));
        }

        await billing.VerifyAsync();
    }

    private async Task RunAtOnceAsync(Step[] steps)
    {
        var run = await RunAsync();
        await Task.WhenAll(steps.Select(run.PlayAsync));

        var (balance, held) = await billing.MoneyAsync(run.Account);
        held.ShouldBeInRange(0, balance);
        await billing.VerifyAsync();
    }

    // In the order of the calls, as the model has them.
    private async Task<Run> RunAsync() => new(
        billing, billing.NewAccount(), await billing.NewModelAsync(),
        [.. Enumerable.Range(0, Requests).Select(_ => BillingSystem.NewRequest()).Order(StringComparer.Ordinal)]);

    public sealed record Step(Kind Kind, int Request, int Amount);

    private sealed record Run(BillingSystem Billing, string Account, PricedModel Model, string[] Ids)
    {
        private readonly Bookkeeper _books = new(Billing);

        /// <returns>What the caller learns, as text.</returns>
        public async Task<string> PlayAsync(Step step)
        {
            var id = Ids[step.Request];
            switch (step.Kind)
            {
                case Kind.Hold:
                    return (await Billing.HoldAsync(id, Account, Model, step.Amount)).Refusal?.Reason.ToString() ?? "held";
                case Kind.Settle:
                    return (await Billing.SettleAsync(id, Model, step.Amount)).Refusal?.Reason.ToString() ?? "settled";
                case Kind.TopUp:
                    return Told(await _books.TopUpAsync(Account, step.Amount));
                case Kind.Charge:
                    return Told(await _books.AdjustAsync(Account, -step.Amount));
                case Kind.Refund:
                    return Told(await _books.RefundAsync(id, step.Amount));
                case Kind.RefundWhole:
                    return Told(await _books.RefundAsync(id));
                default:
                    return await RerateAsync(1 + (step.Amount % 3));
            }
        }

        private async Task<string> RerateAsync(long nano)
        {
            await Billing.AnnounceAsync(Model, new(nano * 800_000, nano * 800_000, nano * 800_000, nano * 800_000));
            var (from, to) = (Billing.Time.GetUtcNow().AddDays(-1), Billing.Time.GetUtcNow().AddDays(1));
            var done = await new Rerater(Billing.Database, Billing.Prices, Billing.Time).RunAsync(
                new(from, to, Model, DryRun: false, After: null), CancellationToken.None);
            return string.Create(CultureInfo.InvariantCulture, $"adjusted {done.Adjusted}");
        }

        private static string Told((Booked? Booked, BookingRefusal? Refusal) answer) => answer.Booked is { } booked
            ? string.Create(CultureInfo.InvariantCulture, $"booked {booked.Amount.Value} {booked.BalanceAfter.Value}")
            : answer.Refusal!.Reason.ToString();
    }
}
