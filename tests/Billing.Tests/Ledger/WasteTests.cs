using LlmGateway.Billing.Ledger;
using LlmGateway.Billing.Pricing;
using LlmGateway.Protos.Billing.V1;

namespace LlmGateway.Billing.Tests.Ledger;

/// <summary>Who pays for failed, hedged, empty, broken and drained answers. A model costs the customer one nano-dollar a token, and us 0.8.</summary>
public sealed class WasteTests(BillingSystem billing) : IClassFixture<BillingSystem>
{
    private static readonly (string Name, string Value)[] Inverted =
    [
        ("Billing:Waste:Failed", "customer"), ("Billing:Waste:Hedged", "customer"), ("Billing:Waste:Empty", "customer"),
        ("Billing:Waste:Broken", "platform"), ("Billing:Waste:Drained", "platform"),
    ];

    public static TheoryData<Ending, bool, long, long> Endings => new()
    {
        // How it ended, whether the rules are inverted, the customer's price and the provider's cost of 100 tokens.
        { Ending.Unspecified, false, 100, 80 },
        { Ending.Unspecified, true, 100, 80 },
        { Ending.Whole, false, 100, 80 },
        { Ending.Whole, true, 100, 80 },
        { Ending.Empty, false, 0, 80 },
        { Ending.Empty, true, 100, 80 },
        { Ending.Broken, false, 100, 80 },
        { Ending.Broken, true, 0, 80 },
        { Ending.ClientLeft, false, 100, 80 },
        { Ending.ClientLeft, true, 0, 80 },
        { Ending.Failed, false, 0, 0 },
        { Ending.Failed, true, 0, 0 },
    };

    [Theory]
    [MemberData(nameof(Endings))]
    public async Task How_an_answer_ended_decides_who_pays(Ending ending, bool inverted, long price, long providerCost)
    {
        await using var system = await SystemAsync(inverted);
        var (account, request) = (system.NewAccount(), BillingSystem.NewRequest());
        var model = await system.NewModelAsync();
        await system.HoldAsync(request, account, model, output: 500);

        var settled = await SettleAsync(system, request, model, output: 100, ending);

        (settled.Cost.Value, settled.ProviderCost.Value).ShouldBe((price, providerCost));
        (await system.MoneyAsync(account)).ShouldBe((1000 - price, 0));
        await system.VerifyAsync();
    }

    [Theory]
    [InlineData(false, 100, 80 + 40 + 24)]
    [InlineData(true, 100 + 50 + 30, 80 + 40 + 24)]
    public async Task Attempts_that_did_not_answer_are_booked_and_paid_by_the_rule(bool inverted, long price, long providerCost)
    {
        await using var system = await SystemAsync(inverted);
        var (account, request) = (system.NewAccount(), BillingSystem.NewRequest());
        var model = await system.NewModelAsync();
        await system.HoldAsync(request, account, model, output: 500);

        var settled = await SettleAsync(
            system, request, model, output: 100, Ending.Whole, Wasted(model, 50, hedged: false), Wasted(model, 30, hedged: true));

        (settled.Cost.Value, settled.ProviderCost.Value).ShouldBe((price, providerCost));
        (await system.MoneyAsync(account)).ShouldBe((1000 - price, 0));
        await system.VerifyAsync();
    }

    [Theory]
    [InlineData(false, 0)]
    [InlineData(true, 70)]
    public async Task A_call_that_nobody_answered_costs_what_its_attempts_did(bool inverted, long price)
    {
        await using var system = await SystemAsync(inverted);
        var (account, request) = (system.NewAccount(), BillingSystem.NewRequest());
        var model = await system.NewModelAsync();
        await system.HoldAsync(request, account, model, output: 500);

        var settled = await SettleAsync(system, request, model, output: 0, Ending.Failed, Wasted(model, 70, hedged: false));
        var again = await SettleAsync(system, request, model, output: 0, Ending.Failed, Wasted(model, 70, hedged: false));

        (settled.Cost.Value, settled.ProviderCost.Value).ShouldBe((price, 56));
        again.ShouldBe(settled with { First = false });
        (await system.MoneyAsync(account)).ShouldBe((1000 - price, 0));
    }

    /// <summary>An attempt is priced as its own deployment is, not as the one that answered.</summary>
    [Fact]
    public async Task Each_attempt_has_the_price_of_its_own_deployment()
    {
        var (account, request) = (billing.NewAccount(), BillingSystem.NewRequest());
        var (cheap, dear) = (await billing.NewModelAsync(), await billing.NewModelAsync(new(8_000_000, 8_000_000, 8_000_000, 8_000_000)));
        await billing.Holds.HoldAsync(new(request, account, "key-1", [cheap, dear], 0, 100, 100), CancellationToken.None);

        var settled = await SettleAsync(billing, request, cheap, output: 10, Ending.Whole, Wasted(dear, 5, hedged: false));

        (settled.Cost.Value, settled.ProviderCost.Value).ShouldBe((10, 8 + 40));
    }

    [Fact]
    public async Task One_absurd_attempt_does_not_stop_the_settlements_beside_it()
    {
        var highest = TokenPrices.Highest;
        var (account, request) = (billing.NewAccount(), BillingSystem.NewRequest());
        var model = await billing.NewModelAsync(new(highest, highest, highest, highest));
        await billing.HoldAsync(request, account, model, output: 0);
        var absurd = Enumerable.Repeat(Wasted(model, new TokenUsage(1_000_000_000, 0, 0, 1_000_000_000), hedged: false), 99).ToArray();

        var settled = await SettleAsync(billing, request, model, output: 0, Ending.Whole, absurd);

        settled.Cost.ShouldBe(NanoUsd.Zero);
        await billing.VerifyAsync();
    }

    [Theory]
    [InlineData("Failed", "nobody")]
    [InlineData("Empty", "7")]
    public async Task A_rule_that_is_none_stops_the_start(string name, string value)
    {
        await using var system = new BillingSystem(billing.ConnectionString, ($"Billing:Waste:{name}", value));
        await system.InitializeAsync();

        Should.Throw<Exception>(() => system.Settlements).Message.ShouldContain($"Billing:Waste:{name}");
    }

    private Task<BillingSystem> SystemAsync(bool inverted) => billing.ReplicaAsync(inverted ? Inverted : []);

    private static WastedAttempt Wasted(PricedModel model, long tokens, bool hedged) => Wasted(model, new TokenUsage(0, 0, 0, tokens), hedged);

    private static WastedAttempt Wasted(PricedModel model, TokenUsage tokens, bool hedged) =>
        new(model, tokens, hedged) { Number = 1, Deployment = "deployment-2" };

    private static async Task<SettledCall> SettleAsync(
        BillingSystem system, string request, PricedModel model, long output, Ending ending, params WastedAttempt[] wasted)
    {
        var call = new UsedCall(
            request, model, "deployment-1", "the-model", new(0, 0, 0, output), 0, Estimated: false, system.Time.GetUtcNow(), 10, 20, "[]")
        {
            Ending = ending,
            Wasted = [.. wasted.Select((attempt, index) => attempt with { Number = index + 1 })],
        };
        return (await system.Settlements.SettleAsync(call, CancellationToken.None)).Value.ShouldNotBeNull();
    }
}
