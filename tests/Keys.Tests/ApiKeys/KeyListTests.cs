using LlmGateway.Keys.ApiKeys;
using LlmGateway.Keys.Data;
using LlmGateway.Keys.Management;
using LlmGateway.Protos.Keys.V1;
using LlmGateway.Testing;
using Microsoft.EntityFrameworkCore;

namespace LlmGateway.Keys.Tests.ApiKeys;

public sealed class KeyListTests(PostgresFixture postgres) : IClassFixture<PostgresFixture>
{
    private readonly FakeTime _time = new();

    [Fact]
    public async Task Pages_have_everything_once_whatever_is_issued_and_revoked_meanwhile()
    {
        await using var host = await StartAsync(await postgres.CreateKeysDatabaseAsync());
        var first = new HashSet<string>();
        for (var count = 0; count < 25; count++)
        {
            first.Add((await host.IssueAsync($"key {count}")).Key.Id);
        }

        var (seen, cursor) = (new List<string>(), "");
        do
        {
            var page = await host.Admin.ListKeysAsync(new ListKeysRequest { Limit = 4, Cursor = cursor, AccountId = "acme", IncludeInactive = true });
            page.Keys.Count.ShouldBeInRange(1, 4);
            seen.AddRange(page.Keys.Select(key => key.Id));
            await host.IssueAsync($"between {seen.Count}");
            await host.RevokeAsync(page.Keys[^1].Id);
            cursor = page.NextCursor;
        }
        while (cursor.Length > 0);

        seen.Distinct().Count().ShouldBe(seen.Count);
        first.Except(seen).ShouldBeEmpty();
    }

    [Fact]
    public async Task What_is_revoked_or_expired_is_listed_only_when_asked_for()
    {
        await using var host = await StartAsync(await postgres.CreateKeysDatabaseAsync());
        await host.IssueAsync("active");
        await host.IssueAsync("expiring", expiresAt: Google.Protobuf.WellKnownTypes.Timestamp.FromDateTimeOffset(_time.GetUtcNow().AddHours(1)));
        await host.RevokeAsync((await host.IssueAsync("revoked")).Key.Id);
        await host.IssueAsync("of another", "other");
        _time.Advance(TimeSpan.FromHours(1));

        (await NamesAsync(new ListKeysRequest { AccountId = "acme" })).ShouldBe(["active"]);
        (await NamesAsync(new ListKeysRequest { AccountId = "acme", IncludeInactive = true })).ShouldBe(["active", "expiring", "revoked"]);
        (await NamesAsync(new ListKeysRequest())).ShouldBe(["ADMIN_API_KEY", "active", "of another"], ignoreOrder: true);
        (await NamesAsync(new ListKeysRequest { AccountId = "nobody" })).ShouldBeEmpty();

        async Task<List<string>> NamesAsync(ListKeysRequest request) =>
            [.. (await host.Admin.ListKeysAsync(request)).Keys.Select(key => key.Name).Order(StringComparer.Ordinal)];
    }

    [Fact]
    public async Task A_page_of_fifty_thousand_keys_is_read_by_an_index_in_their_order()
    {
        var database = await postgres.CreateKeysDatabaseAsync();
        await using var host = await StartAsync(database);
        await using var db = Database.Open(database);
        await db.Database.ExecuteSqlRawAsync("""
            INSERT INTO keys.accounts (id, created_at) SELECT 'account' || n, now() FROM generate_series(1, 100) n;
            INSERT INTO keys.api_keys (id, account_id, name, role, source, created_at, limit_total_tokens)
            SELECT gen_random_uuid(), 'account' || (1 + n % 100), 'key ' || n, 'account', 'issued', now(), n FROM generate_series(1, 50000) n;
            ANALYZE keys.api_keys; ANALYZE keys.accounts;
            """);

        // Early in the order: of the few keys after a late one a sort is the right plan.
        var page = new Page("keys", 50, "10000000-0000-0000-0000-000000000000");

        foreach (var request in (ListKeysRequest[])[new(), new() { IncludeInactive = true }, new() { AccountId = "account7" }])
        {
            var plan = await PlanAsync(db, KeyList.Query(db, request, page, _time.GetUtcNow()));
            plan.ShouldNotContain("Seq Scan");
            plan.ShouldNotContain("Sort");
        }

        (await PlanAsync(db, db.ApiKeys.Where(key => key.Name == "key 7" && key.RevokedAt == null))).ShouldContain("api_keys_name_idx");
        var stats = await host.Admin.GetStatsAsync(new GetStatsRequest());
        (stats.ActiveKeys, stats.LimitedKeys, stats.TotalTokensSum, stats.TotalTokensAverage).ShouldBe((50_001, 50_000, 1_250_025_000, 25_000));
    }

    [Fact]
    public async Task What_is_still_good_among_many_revoked_keys_is_read_by_an_index()
    {
        var database = await postgres.CreateKeysDatabaseAsync();
        await using var host = await StartAsync(database);
        await using var db = Database.Open(database);
        await db.Database.ExecuteSqlRawAsync("""
            INSERT INTO keys.accounts (id, created_at) VALUES ('acme', now());
            INSERT INTO keys.api_keys (id, account_id, name, role, source, created_at, revoked_at)
            SELECT lpad(to_hex(n), 32, '0')::uuid, 'acme', 'key ' || n, 'account', 'issued', now(), CASE WHEN n < 19900 THEN now() END
            FROM generate_series(1, 20000) n;
            ANALYZE keys.api_keys; ANALYZE keys.accounts;
            """);

        var page = KeyList.Query(db, new ListKeysRequest(), new Page("keys", 50, null), _time.GetUtcNow());

        (await PlanAsync(db, page)).ShouldContain("api_keys_active_idx");
        (await PlanAsync(db, LastAdministrator.Remaining(db, "acme", Guid.NewGuid()))).ShouldContain("api_keys_administrators_idx");
    }

    private static async Task<string> PlanAsync(KeysDbContext db, IQueryable<ApiKey> query)
    {
        await db.Database.OpenConnectionAsync();
        await using var command = query.CreateDbCommand();
        command.CommandText = "EXPLAIN " + command.CommandText;
        await using var reader = await command.ExecuteReaderAsync();
        var lines = new List<string>();
        while (await reader.ReadAsync())
        {
            lines.Add(reader.GetString(0));
        }

        return string.Join('\n', lines);
    }

    private Task<KeysHost> StartAsync(string database) => KeysHost.StartAsync(database, "", "sk-administrator-of-this-test", _time);
}
