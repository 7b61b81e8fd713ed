using Google.Protobuf.WellKnownTypes;
using LlmGateway.Protos.Keys.V1;
using LlmGateway.Testing;
using Microsoft.EntityFrameworkCore;

namespace LlmGateway.Keys.Tests.Tariffs;

public sealed class TariffTests(PostgresFixture postgres) : IClassFixture<PostgresFixture>
{
    private readonly FakeTime _time = new();

    [Fact]
    public async Task A_tariffs_keys_are_counted_after_its_commit()
    {
        var database = await postgres.CreateKeysDatabaseAsync();
        await using var host = await KeysHost.StartAsync(database, "", "sk-administrator-of-this-test", _time);
        await using var blocker = Database.Open(database);
        await using var transaction = await blocker.Database.BeginTransactionAsync();
        await blocker.Database.ExecuteSqlRawAsync("LOCK TABLE keys.api_keys IN ACCESS EXCLUSIVE MODE");

        // It cannot be answered before the count, which waits for the lock; by then it is there for all to see.
        var creating = host.CreateTariffAsync("gold", new Protos.Keys.V1.Limits());
        await using var other = Database.Open(database);
        var deadline = TimeProvider.System.GetUtcNow().AddSeconds(30);
        while (!await other.Tariffs.AnyAsync(tariff => tariff.Id == "gold"))
        {
            (TimeProvider.System.GetUtcNow() < deadline).ShouldBeTrue("the tariff is not committed before its keys are counted");
        }

        creating.IsCompleted.ShouldBeFalse();
        await transaction.RollbackAsync();
        (await creating).Keys.ShouldBe(0);
    }

    [Fact]
    public async Task A_version_takes_effect_at_its_date_for_the_tariff_and_its_keys()
    {
        await using var host = await StartAsync();
        await host.CreateTariffAsync("gold", Daily(1));
        var key = (await host.IssueAsync(tariff: "gold")).Key.Id;

        var planned = (await host.Admin.AddTariffVersionAsync(new AddTariffVersionRequest
        {
            Actor = Management.By,
            Id = "gold",
            Limits = Daily(2),
            EffectiveFrom = After(TimeSpan.FromDays(1)),
        })).Tariff;

        planned.Limits.ShouldBe(Daily(1));
        planned.Versions.Select(version => version.Limits.DailyTokens).ShouldBe([1, 2]);
        _time.Advance(TimeSpan.FromDays(1) - TimeSpan.FromMicroseconds(1));
        (await host.GetAsync(key)).EffectiveLimits.ShouldBe(Daily(1));
        _time.Advance(TimeSpan.FromMicroseconds(1));
        (await host.GetAsync(key)).EffectiveLimits.ShouldBe(Daily(2));
        (await GetAsync(host, "gold")).Limits.ShouldBe(Daily(2));
    }

    [Fact]
    public async Task Nothing_is_planned_before_what_is_planned_already()
    {
        await using var host = await StartAsync();
        await host.CreateTariffAsync("gold", Daily(1), After(TimeSpan.FromDays(2)));

        foreach (var from in (Timestamp?[])[null, After(TimeSpan.FromDays(1)), After(TimeSpan.FromDays(2))])
        {
            var rejection = (await host.Admin.AddTariffVersionAsync(
                new AddTariffVersionRequest { Actor = Management.By, Id = "gold", EffectiveFrom = from })).Rejection;
            (rejection.Kind, rejection.Field).ShouldBe((RejectionKind.Conflict, "effective_from"));
        }

        var tariff = await GetAsync(host, "gold");
        tariff.Versions.Count.ShouldBe(1);
        tariff.Limits.ShouldBeNull();
    }

    [Fact]
    public async Task Its_keys_are_its_own_and_those_of_its_accounts_that_are_not_revoked()
    {
        await using var host = await StartAsync();
        await host.CreateTariffAsync("gold", Daily(1));
        await host.CreateTariffAsync("other", Daily(1));
        await host.CreateAccountAsync("rich", "gold");
        await host.IssueAsync("own", tariff: "gold");
        await host.IssueAsync("by account", "rich");
        await host.IssueAsync("both", "rich", tariff: "gold");
        await host.IssueAsync("of another", "rich", tariff: "other");
        await host.RevokeAsync((await host.IssueAsync("revoked", tariff: "gold")).Key.Id);

        (await GetAsync(host, "gold")).Keys.ShouldBe(3);
        (await host.Admin.ListTariffsAsync(new ListRequest())).Tariffs.Select(tariff => (tariff.Id, tariff.Keys)).ShouldBe([("gold", 3), ("other", 1)]);
    }

    [Fact]
    public async Task Pages_of_tariffs_accounts_and_audit_have_everything_once()
    {
        await using var host = await StartAsync();
        foreach (var index in Enumerable.Range(0, 11))
        {
            await host.CreateTariffAsync($"Tariff-{index}", Daily(1));
            await host.CreateAccountAsync($"account_{index}@x");
        }

        var tariffs = await AllAsync(async cursor =>
        {
            var page = await host.Admin.ListTariffsAsync(new ListRequest { Limit = 3, Cursor = cursor });
            return (page.Tariffs.Select(tariff => tariff.Id), page.NextCursor);
        });
        var accounts = await AllAsync(async cursor =>
        {
            var page = await host.Admin.ListAccountsAsync(new ListRequest { Limit = 3, Cursor = cursor });
            return (page.Accounts.Select(account => account.Id), page.NextCursor);
        });
        var entries = await AllAsync(async cursor =>
        {
            var page = await host.Admin.ListAuditAsync(new ListRequest { Limit = 3, Cursor = cursor });
            return (page.Entries.Select(entry => $"{entry.Id:D9}"), page.NextCursor);
        });

        tariffs.Order().ShouldBe(Enumerable.Range(0, 11).Select(index => $"Tariff-{index}").Order());
        accounts.Order().ShouldBe(Enumerable.Range(0, 11).Select(index => $"account_{index}@x").Concat(["admin", "default"]).Order());
        entries.ShouldBe(entries.OrderDescending());
        entries.Count(_ => true).ShouldBe(25);
    }

    private static async Task<List<string>> AllAsync(Func<string, Task<(IEnumerable<string> Ids, string Next)>> read)
    {
        var (all, cursor) = (new List<string>(), "");
        do
        {
            (var ids, cursor) = await read(cursor);
            all.AddRange(ids);
        }
        while (cursor.Length > 0);

        all.Distinct().Count().ShouldBe(all.Count);
        return all;
    }

    private static Protos.Keys.V1.Limits Daily(long tokens) => new() { DailyTokens = tokens };

    private static async Task<Tariff> GetAsync(KeysHost host, string id) => (await host.Admin.GetTariffAsync(new GetTariffRequest { Id = id })).Tariff;

    private Timestamp After(TimeSpan span) => Timestamp.FromDateTimeOffset(_time.GetUtcNow() + span);

    private async Task<KeysHost> StartAsync() =>
        await KeysHost.StartAsync(await postgres.CreateKeysDatabaseAsync(), "", "sk-administrator-of-this-test", _time);
}
