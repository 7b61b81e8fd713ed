using Google.Protobuf.WellKnownTypes;
using LlmGateway.Protos.Keys.V1;
using LlmGateway.Testing;
using Microsoft.EntityFrameworkCore;

namespace LlmGateway.Keys.Tests.ApiKeys;

public sealed class KeyStatsTests(PostgresFixture postgres) : IClassFixture<PostgresFixture>
{
    private readonly FakeTime _time = new();

    [Fact]
    public async Task Counts_and_totals_are_those_of_the_list()
    {
        var database = await postgres.CreateKeysDatabaseAsync();
        await using var host = await StartAsync(database, "1000");
        await host.CreateTariffAsync("gold", new Protos.Keys.V1.Limits { TotalTokens = 20 });
        await host.CreateTariffAsync("open", new Protos.Keys.V1.Limits { DailyTokens = 20 });
        await host.CreateTariffAsync("later", new Protos.Keys.V1.Limits { TotalTokens = 30 }, Timestamp.FromDateTimeOffset(_time.GetUtcNow().AddDays(1)));
        await host.CreateAccountAsync("rich", "gold");
        await host.IssueAsync("own", limits: new Protos.Keys.V1.Limits { TotalTokens = 0 });
        await host.IssueAsync("by tariff", tariff: "gold");
        await host.IssueAsync("by account", "rich");
        await host.IssueAsync("own tariff goes before the account's", "rich", tariff: "open");
        await host.IssueAsync("not yet", "rich", tariff: "later");
        await host.IssueAsync("own before the account's", "rich", limits: new Protos.Keys.V1.Limits { TotalTokens = 7 });
        await host.IssueAsync("expiring", expiresAt: Timestamp.FromDateTimeOffset(_time.GetUtcNow().AddHours(1)));
        await host.RevokeAsync((await host.IssueAsync("revoked")).Key.Id);
        await host.Admin.SetAccountRevokedAsync(new SetAccountRevokedRequest { Actor = Management.By, Id = "default", Revoked = true });
        _time.Advance(TimeSpan.FromHours(1));
        await using (var db = Database.Open(database))
        {
            var used = _time.GetUtcNow().AddHours(-24);
            await db.ApiKeys.Where(key => key.Name == "own").ExecuteUpdateAsync(set => set.SetProperty(key => key.LastUsedAt, used));
            await db.ApiKeys.Where(key => key.Name == "by tariff").ExecuteUpdateAsync(set => set.SetProperty(key => key.LastUsedAt, used.AddTicks(-10)));
        }

        var stats = await host.Admin.GetStatsAsync(new GetStatsRequest());

        var active = (await host.Admin.ListKeysAsync(new ListKeysRequest())).Keys;
        var limits = active.Where(key => key.EffectiveLimits.HasTotalTokens).Select(key => key.EffectiveLimits.TotalTokens).ToList();
        limits.Order().ShouldBe([0, 7, 20, 20, 1000, 1000, 1000]);
        stats.ShouldBe(new GetStatsReply
        {
            Accounts = 4,
            RevokedAccounts = 1,
            Tariffs = 3,
            ActiveKeys = active.Count,
            ExpiredKeys = 1,
            RevokedKeys = 1,
            UsedKeys = 1,
            LimitedKeys = limits.Count,
            TotalTokensSum = limits.Sum(),
            TotalTokensAverage = limits.Sum() / limits.Count,
        });
    }

    [Fact]
    public async Task A_sum_beyond_64_bits_is_the_largest_number_not_a_wrong_one()
    {
        var database = await postgres.CreateKeysDatabaseAsync();
        await using var host = await StartAsync(database, null);
        await using var db = Database.Open(database);
        await db.Database.ExecuteSqlRawAsync("""
            INSERT INTO keys.api_keys (id, account_id, name, role, source, created_at, limit_total_tokens)
            SELECT gen_random_uuid(), 'default', 'key ' || n, 'account', 'issued', now(), 1000000000000000 FROM generate_series(1, 10000) n
            """);

        var stats = await host.Admin.GetStatsAsync(new GetStatsRequest());

        (stats.LimitedKeys, stats.TotalTokensSum, stats.TotalTokensAverage).ShouldBe((10_000, long.MaxValue, 1_000_000_000_000_000));
    }

    private Task<KeysHost> StartAsync(string database, string? lifetimeTokens) => KeysHost.StartAsync(
        database, "", "sk-administrator-of-this-test", _time, new Dictionary<string, string?> { ["Quotas:LifetimeTokens"] = lifetimeTokens });
}
