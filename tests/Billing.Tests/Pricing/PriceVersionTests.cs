using LlmGateway.Billing.Data;
using LlmGateway.Billing.Ledger;
using LlmGateway.Billing.Pricing;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace LlmGateway.Billing.Tests.Pricing;

/// <summary>The clock moves, so each test has a system of its own.</summary>
public sealed class PriceVersionTests : IAsyncLifetime
{
    private readonly BillingSystem _billing = new();

    public Task InitializeAsync() => _billing.InitializeAsync();

    public Task DisposeAsync() => _billing.DisposeAsync();

    [Fact]
    public async Task A_planned_price_is_in_force_from_its_moment_on_and_calls_that_run_then_keep_theirs()
    {
        var model = NewModel();
        var begins = _billing.Time.GetUtcNow().AddDays(10);
        await FileSaysAsync(model, (PriceRow.Always, PerToken(1)), (begins, PerToken(3)));
        var (account, before, during, after) = (_billing.NewAccount(), BillingSystem.NewRequest(), BillingSystem.NewRequest(), BillingSystem.NewRequest());

        await _billing.HoldAsync(before, account, model, output: 10);
        await _billing.HoldAsync(during, account, model, output: 10);
        (await _billing.SettleAsync(before, model, output: 10)).Value!.Cost.Value.ShouldBe(10);
        _billing.Time.Advance(TimeSpan.FromDays(10) - TimeSpan.FromTicks(1));
        (await HeldAsync(account, model)).ShouldBe(10);
        _billing.Time.Advance(TimeSpan.FromTicks(1));
        (await _billing.HoldAsync(after, account, model, output: 10)).Value!.Amount.Value.ShouldBe(30);
        (await _billing.ExtendAsync(during, output: 20)).Value!.Amount.Value.ShouldBe(20);
        (await _billing.SettleAsync(during, model, output: 20)).Value!.Cost.Value.ShouldBe(20);
        (await _billing.SettleAsync(after, model, output: 10)).Value!.Cost.Value.ShouldBe(30);

        var versions = await _billing.ReadAsync(db => db.PriceVersions.Where(version => version.Model == model.Model)
            .OrderBy(version => version.Id).Select(version => version.Id).ToListAsync());
        (await VersionAsync(before)).ShouldBe(versions[0]);
        (await VersionAsync(during)).ShouldBe(versions[0]);
        (await VersionAsync(after)).ShouldBe(versions[1]);
        await _billing.VerifyAsync();
    }

    [Fact]
    public async Task An_administrators_price_wins_over_the_catalogues_and_that_over_the_files_until_it_is_withdrawn()
    {
        var model = NewModel();

        await SaysAsync(PriceSource.Administrator, model, PerToken(3));
        (await HeldAsync(model)).ShouldBe(30);
        await FileSaysAsync(model, (PriceRow.Always, PerToken(1)));
        await SaysAsync(PriceSource.Catalogue, model, PerToken(2));
        (await HeldAsync(model)).ShouldBe(30);
        await SaysAsync(PriceSource.Administrator, model, AnnouncedPrices.None);
        (await HeldAsync(model)).ShouldBe(20);
        await SaysAsync(PriceSource.Catalogue, model, AnnouncedPrices.None);
        (await HeldAsync(model)).ShouldBe(10);
        await FileSaysAsync(model, (PriceRow.Always, AnnouncedPrices.None), (_billing.Time.GetUtcNow().AddDays(1), PerToken(4)));

        (await _billing.HoldAsync(BillingSystem.NewRequest(), _billing.NewAccount(), model, output: 10)).Refusal!.Reason
            .ShouldBe(LedgerRefusalReason.PriceUnknown);
        _billing.Time.Advance(TimeSpan.FromDays(1));
        (await HeldAsync(model)).ShouldBe(40);
    }

    [Fact]
    public async Task A_price_set_from_a_moment_on_replaces_what_its_source_planned_from_there_and_nothing_before()
    {
        var (model, now) = (NewModel(), _billing.Time.GetUtcNow());
        await SaysAsync(PriceSource.Administrator, model, PerToken(1));
        await SaysAsync(PriceSource.Administrator, model, PerToken(2), now.AddDays(1));
        await SaysAsync(PriceSource.Administrator, model, PerToken(3), now.AddDays(3));
        await SaysAsync(PriceSource.Administrator, model, PerToken(4), now.AddDays(2));

        var daily = new List<long>();
        for (var day = 0; day < 5; day++)
        {
            daily.Add(await HeldAsync(model));
            _billing.Time.Advance(TimeSpan.FromDays(1));
        }

        daily.ShouldBe([10, 20, 40, 40, 40]);
    }

    [Fact]
    public async Task A_model_that_costs_what_another_one_does_follows_it_and_its_charge_names_the_others_version()
    {
        var (model, other, request) = (NewModel(), NewModel(), BillingSystem.NewRequest());
        await SaysAsync(PriceSource.Catalogue, model, AnnouncedPrices.None with { SameAs = other });
        (await _billing.HoldAsync(request, _billing.NewAccount(), model, output: 10)).Refusal!.Model.ShouldBe(model);

        await FileSaysAsync(other, (PriceRow.Always, PerToken(1)), (_billing.Time.GetUtcNow().AddHours(1), PerToken(2)));
        (await HeldAsync(model)).ShouldBe(10);
        _billing.Time.Advance(TimeSpan.FromHours(1));
        await _billing.HoldAsync(request, _billing.NewAccount(), model, output: 10);
        (await _billing.SettleAsync(request, model, output: 10)).Value!.Cost.Value.ShouldBe(20);

        var version = await VersionAsync(request);
        (await _billing.ReadAsync(db => db.PriceVersions.SingleAsync(row => row.Id == version))).Model.ShouldBe(other.Model);
    }

    [Fact]
    public async Task Two_models_that_each_cost_what_the_other_does_have_no_price()
    {
        var (one, other) = (NewModel(), NewModel());
        await SaysAsync(PriceSource.Catalogue, one, AnnouncedPrices.None with { SameAs = other });
        await SaysAsync(PriceSource.Catalogue, other, AnnouncedPrices.None with { SameAs = one });

        _billing.Prices.Current.Prices.ShouldNotContainKey(one);
    }

    [Fact]
    public async Task A_file_read_again_writes_nothing_and_one_that_changed_replaces_all_that_it_said_of_a_model()
    {
        var (changed, same, begins) = (NewModel(), NewModel(), _billing.Time.GetUtcNow().AddDays(1));
        await FileSaysAsync(changed, (PriceRow.Always, PerToken(1)), (begins, PerToken(2)));
        await FileSaysAsync(same, (PriceRow.Always, PerToken(1)));

        (await FileSaysAsync(changed, (PriceRow.Always, PerToken(1)), (begins, PerToken(2)))).ShouldBe(0);
        (await FileSaysAsync(changed, (PriceRow.Always, PerToken(1)))).ShouldBe(1);
        (await FileSaysAsync(same, (PriceRow.Always, PerToken(1)))).ShouldBe(0);

        _billing.Time.Advance(TimeSpan.FromDays(2));
        (await HeldAsync(changed)).ShouldBe(10);
    }

    [Fact]
    public async Task The_shipped_file_is_in_force_as_it_is_read_and_what_a_file_no_longer_has_loses_its_price()
    {
        var rows = PriceFile.Read(PriceFileAnnouncer.Shipped);
        var announcer = _billing.Services.GetServices<IHostedService>().OfType<PriceFileAnnouncer>().Single();
        await FileSaysAsync(NewModel(), (PriceRow.Always, PerToken(1)));
        (await announcer.AnnounceAsync(rows, CancellationToken.None)).ShouldBe(rows.Count + 1);
        (await announcer.AnnounceAsync(rows, CancellationToken.None)).ShouldBe(0);

        var now = _billing.Time.GetUtcNow();
        _billing.Prices.Current.Prices.Count.ShouldBe(63);
        foreach (var row in rows.Where(row => row.EffectiveFrom <= now).GroupBy(row => (row.Provider, row.Model)).Select(model => model.Last()))
        {
            _billing.Prices.Current.Prices[new(row.Provider, row.Model)].ShouldBe(row.Prices.Usable);
        }
    }

    [Fact]
    public async Task Every_kind_of_price_survives_the_database_and_every_kind_of_token_is_kept_with_its_charge()
    {
        var (model, request) = (NewModel(), BillingSystem.NewRequest());
        var stated = new AnnouncedPrices(1_000_000, 2_000_000, 3_000_000, 5_000_000)
        {
            CacheWrite1h = 4_000_000,
            Reasoning = 6_000_000,
            PerRequest = 7,
            Tiers = [new PriceTier(100) { Input = 8_000_000, CacheWrite1h = 9_000_000, Reasoning = 10_000_000 }],
        };
        await SaysAsync(PriceSource.Administrator, model, stated);
        var replica = await _billing.ReplicaAsync(("Billing:MarkupPercent", "0"));
        await replica.HoldAsync(request, _billing.NewAccount(), model, output: 10);

        var usage = new TokenUsage(1, 2, 3, 10) { CacheWrite1h = 4, Reasoning = 5 };
        var settled = await replica.Settlements.SettleAsync(
            new(request, model, "d", "m", usage, 5, Estimated: false, _billing.Time.GetUtcNow(), 0, 0, "[]"), CancellationToken.None);

        settled.Value!.Cost.Value.ShouldBe(1 + (2 * 2) + (3 * 3) + (4 * 4) + (5 * 5) + (5 * 6) + 7);
        replica.Prices.Current.Prices[model].ShouldBe(stated.Usable);
        var charge = await ChargeAsync(request);
        (charge.InputTokens, charge.CachedInputTokens, charge.CacheWriteTokens, charge.CacheWrite1hTokens, charge.OutputTokens, charge.ReasoningTokens)
            .ShouldBe((1, 2, 3, 4, 10, 5));
        await replica.DisposeAsync();
    }

    /// <summary>R19: every charge names the version it was priced by, so that a month replayed by them has the same total, whatever came after.</summary>
    [Fact]
    public async Task A_month_replayed_by_the_versions_of_its_charges_has_the_same_total()
    {
        var random = new Random(19);
        var models = Enumerable.Range(0, 3).Select(_ => NewModel()).ToArray();
        var account = _billing.NewAccount();
        for (var day = 0; day < 30; day++)
        {
            foreach (var model in models)
            {
                if (day % 7 == 0)
                {
                    await SaysAsync(PriceSource.Administrator, model, new(random.Next(900), random.Next(90), random.Next(1200), random.Next(4000))
                    {
                        PerRequest = random.Next(2),
                        Tiers = [new PriceTier(20) { Input = random.Next(2000) }],
                    });
                }

                var request = BillingSystem.NewRequest();
                await _billing.HoldAsync(request, account, model, output: 10, prompt: 50);
                await _billing.Settlements.SettleAsync(
                    new(request, model, "d", "m", new(random.Next(40), random.Next(10), random.Next(5), random.Next(90)), 0, Estimated: false,
                        _billing.Time.GetUtcNow(), 0, 0, "[]"),
                    CancellationToken.None);
            }

            _billing.Time.Advance(TimeSpan.FromDays(1));
        }

        var charges = await _billing.ReadAsync(db => db.Charges.Where(charge => charge.AccountId == account).ToListAsync());
        var replayed = new List<long>();
        foreach (var charge in charges)
        {
            var prices = await VersionAsync(charge.PriceVersion);
            var usage = new TokenUsage(charge.InputTokens, charge.CachedInputTokens, charge.CacheWriteTokens, charge.OutputTokens);
            replayed.Add(prices.CustomerPrice(usage, charge.MarkupBasisPoints).Value);
        }

        charges.Count.ShouldBe(90);
        charges.Select(charge => charge.PriceVersion).Distinct().Count().ShouldBe(15);
        replayed.ShouldBe(charges.Select(charge => charge.Cost));
        var total = await _billing.CountAsync("select sum(cost) from billing.usage_days where account_id = $1", account);
        total.ShouldBe(replayed.Sum());
        total.ShouldBeGreaterThan(0);
    }

    private PricedModel NewModel() => new("test", _billing.NewAccount());

    // With 25 % of markup, so many nano-dollars a token for the customer.
    private static AnnouncedPrices PerToken(long nano) => new(nano * 800_000, null, null, nano * 800_000);

    private Task<int> FileSaysAsync(PricedModel model, params (DateTimeOffset From, AnnouncedPrices Prices)[] prices)
    {
        var hash = PriceRow.Hash(string.Join('\n', prices.Select(price => $"{price.From:O}{price.Prices.Content}")));
        return _billing.Prices.WriteAsync(
            PriceSource.File,
            [.. prices.Select(price => new PriceRow(model.Provider, model.Model, price.Prices, price.From, "test", "2026-11", hash))],
            CancellationToken.None);
    }

    private Task<int> SaysAsync(string source, PricedModel model, AnnouncedPrices prices, DateTimeOffset? from = null) =>
        _billing.Prices.WriteAsync(
            source, [PriceRow.Now(model, prices) with { EffectiveFrom = from, ContentHash = $"{prices.Content}{from:O}" }], CancellationToken.None);

    private Task<long> HeldAsync(PricedModel model) => HeldAsync(_billing.NewAccount(), model);

    private async Task<long> HeldAsync(string account, PricedModel model)
    {
        var request = BillingSystem.NewRequest();
        var hold = (await _billing.HoldAsync(request, account, model, output: 10)).Value!;
        await _billing.ReleaseAsync(request);
        return hold.Amount.Value;
    }

    private async Task<TokenPrices> VersionAsync(long id)
    {
        await using var command = _billing.Database.CreateCommand($"select {PriceTable.Columns} from billing.price_versions v where v.id = $1");
        command.Parameters.AddWithValue(id);
        await using var reader = await command.ExecuteReaderAsync();
        (await reader.ReadAsync()).ShouldBeTrue();
        return PriceTable.ReadPrices(reader, 0).Usable.ShouldNotBeNull();
    }

    private async Task<long> VersionAsync(string request) => (await ChargeAsync(request)).PriceVersion;

    private Task<Charge> ChargeAsync(string request) => _billing.ReadAsync(db => db.Charges.SingleAsync(charge => charge.RequestId == request));
}
