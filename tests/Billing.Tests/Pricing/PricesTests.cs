using LlmGateway.Billing.Pricing;
using Npgsql;

namespace LlmGateway.Billing.Tests.Pricing;

public sealed class PricesTests(BillingSystem billing) : IClassFixture<BillingSystem>
{
    [Fact]
    public async Task The_same_prices_announced_again_write_nothing()
    {
        var model = await billing.NewModelAsync();

        (await billing.AnnounceAsync(model, BillingSystem.OneANano)).ShouldBe(0);
        (await billing.AnnounceAsync(model, BillingSystem.OneANano with { Output = 1 })).ShouldBe(1);
        (await billing.AnnounceAsync(model, BillingSystem.OneANano)).ShouldBe(1);

        billing.Prices.Current.Prices[model].ShouldBe(BillingSystem.OneANano);
        (await CountAsync(model)).ShouldBe(3);
    }

    [Fact]
    public async Task Replicas_that_announce_at_once_write_one_version()
    {
        var catalogue = Enumerable.Range(0, 400)
            .Select(_ => KeyValuePair.Create(NewModel(), new AnnouncedPrices(1, 2, 3, 4))).ToArray();
        var replica = await billing.ReplicaAsync();

        await using var connection = await billing.Database.OpenConnectionAsync();
        await using var closed = await connection.BeginTransactionAsync();
        await using (var command = new NpgsqlCommand("lock table billing.price_versions in share mode", connection))
        {
            await command.ExecuteNonQueryAsync();
        }

        var announcements = Enumerable.Range(0, 8).Select(index =>
            (index % 2 == 0 ? billing : replica).Prices.AnnounceAsync(catalogue, CancellationToken.None)).ToArray();
        await billing.UntilWaitingAsync(sessions: 8);
        await closed.CommitAsync();
        var changed = await Task.WhenAll(announcements);

        changed.Sum().ShouldBe(400);
        replica.Prices.Current.Number.ShouldBe(billing.Prices.Current.Number);
        await replica.DisposeAsync();
    }

    [Fact]
    public async Task A_replica_learns_another_ones_price_when_it_needs_it()
    {
        var replica = await billing.ReplicaAsync();
        var model = await billing.NewModelAsync();

        (await replica.HoldAsync(BillingSystem.NewRequest(), replica.NewAccount(), model, output: 1)).Value.ShouldNotBeNull();

        await replica.DisposeAsync();
    }

    [Fact]
    public async Task A_kind_without_a_price_stays_without_one_and_no_output_price_is_no_price()
    {
        var (full, inputOnly) = (NewModel(), NewModel());

        var changed = await billing.Prices.AnnounceAsync(
            [new(full, new(5, null, 0, 7)), new(inputOnly, new(5, null, null, null))], CancellationToken.None);

        changed.ShouldBe(2);
        billing.Prices.Current.Prices[full].ShouldBe(new TokenPrices(5, null, 0, 7));
        billing.Prices.Current.Prices.ShouldNotContainKey(inputOnly);
    }

    [Fact]
    public async Task A_price_can_be_withdrawn_and_one_that_never_was_is_not_written()
    {
        var (withdrawn, never) = (await billing.NewModelAsync(), NewModel());
        var none = new AnnouncedPrices(null, null, null, null);

        (await billing.Prices.AnnounceAsync([new(withdrawn, none), new(never, none)], CancellationToken.None)).ShouldBe(1);

        billing.Prices.Current.Prices.ShouldNotContainKey(withdrawn);
        (await CountAsync(never)).ShouldBe(0);
    }

    private PricedModel NewModel() => new("test", billing.NewAccount());

    private Task<long> CountAsync(PricedModel model) =>
        billing.CountAsync("select count(*) from billing.price_versions where provider = $1 and model = $2", model.Provider, model.Model);
}
