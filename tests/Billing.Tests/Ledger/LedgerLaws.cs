using FsCheck;
using FsCheck.Fluent;
using LlmGateway.Billing.Ledger;
using LlmGateway.Billing.Pricing;

namespace LlmGateway.Billing.Tests.Ledger;

/// <summary>
/// Any interleaving of hold, extend, settle, release, renew and expiry keeps P1 and P4: one after the other the answers and figures are those
/// of a model that is a page long; at once, the ledger still adds up.
/// </summary>
public sealed class LedgerLaws(BillingSystem billing) : IClassFixture<BillingSystem>
{
    private const int Requests = 4;

    private static readonly Arbitrary<Step[]> Steps = Arb.From(
        Gen.Choose(0, Requests - 1).SelectMany(request => Gen.Choose(0, 500), (request, tokens) => (request, tokens))
            .SelectMany(
                _ => Gen.Frequency(
                    (4, Gen.Constant(Kind.Hold)), (4, Gen.Constant(Kind.Settle)), (2, Gen.Constant(Kind.Release)),
                    (3, Gen.Constant(Kind.Extend)), (1, Gen.Constant(Kind.Renew)), (1, Gen.Constant(Kind.Wait)), (1, Gen.Constant(Kind.Sweep))),
                (call, kind) => new Step(kind, call.request, call.tokens))
            .ArrayOf(),
        steps => steps.Select((_, index) => steps.Where((_, other) => other != index).ToArray()));

    public enum Kind
    {
        Hold,
        Extend,
        Settle,
        Release,
        Renew,
        Wait,
        Sweep,
    }

    [Fact]
    public void One_after_the_other_the_ledger_answers_as_its_model_does() => Check.One(
        Config.QuickThrowOnFailure.WithMaxTest(60).WithEndSize(40),
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

    public sealed record Step(Kind Kind, int Request, int Tokens)
    {
        /// <summary>What an extension asks for: more than most holds, and up to all of the balance.</summary>
        public int Larger => Tokens * 2;
    }

    private sealed record Run(BillingSystem Billing, string Account, PricedModel Model, string[] Ids)
    {
        /// <returns>What the caller learns, as text; empty where that is nothing.</returns>
        public async Task<string> PlayAsync(Step step)
        {
            var id = Ids[step.Request];
            switch (step.Kind)
            {
                case Kind.Hold:
                    var hold = await Billing.HoldAsync(id, Account, Model, step.Tokens, min: step.Tokens / 2);
                    return hold.Value is { } held ? $"held {held.Amount.Value}" : $"{hold.Refusal!.Reason}";
                case Kind.Extend:
                    var extended = await Billing.ExtendAsync(id, step.Larger);
                    return extended.Value is { } grown ? $"held {grown.Amount.Value}" : $"{extended.Refusal!.Reason}";
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
                default:
                    await Billing.SweepAsync();
                    return "";
            }
        }

        public async Task CloseAsync()
        {
            foreach (var id in Ids)
            {
                await Billing.ReleaseAsync(id);
            }
        }
    }
}
