using System.Text.RegularExpressions;
using LlmGateway.Keys.ApiKeys;
using LlmGateway.Protos.Keys.V1;
using LlmGateway.Testing;
using Account = LlmGateway.Keys.Accounts.Account;

namespace LlmGateway.Keys.Tests.ApiKeys;

public sealed class KeySeedingTests(PostgresFixture postgres) : IClassFixture<PostgresFixture>
{
    private const string Administrator = "sk-seeding-administrator";

    [Fact]
    public async Task Starting_again_changes_nothing()
    {
        var database = await postgres.CreateDatabaseAsync();
        await using (await KeysHost.StartAsync(database, "sk-one-two-three-four, sk-five", Administrator))
        {
        }

        var first = await Database.KeysAsync(database);
        await using (await KeysHost.StartAsync(database, "sk-one-two-three-four,sk-five", Administrator))
        {
        }

        var second = await Database.KeysAsync(database);

        first.Count.ShouldBe(3);
        second.Select(Row).ShouldBe(first.Select(Row));
    }

    [Fact]
    public async Task Replicas_that_start_together_agree_on_one_row_a_key_and_one_administrator()
    {
        var database = await postgres.CreateDatabaseAsync();

        var hosts = await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => KeysHost.StartAsync(database, "sk-a,sk-b")));

        var keys = await Database.KeysAsync(database);
        keys.Count(key => key.Role == KeyRole.Account).ShouldBe(2);
        keys.Count(key => key.Role == KeyRole.Administrator).ShouldBe(1);
        hosts.SelectMany(host => host.Log).Count(line => GeneratedKey(line) is not null).ShouldBe(1);
        foreach (var host in hosts)
        {
            await host.DisposeAsync();
        }
    }

    [Fact]
    public async Task A_key_that_is_no_longer_listed_is_revoked_and_is_itself_again_when_it_returns()
    {
        var database = await postgres.CreateDatabaseAsync();
        string id;
        await using (var host = await KeysHost.StartAsync(database, "sk-stays,sk-leaves", Administrator))
        {
            id = (await host.VerifyAsync("sk-leaves")).Key.KeyId;
        }

        await using (var host = await KeysHost.StartAsync(database, "sk-stays", Administrator))
        {
            (await host.VerifyAsync("sk-leaves")).Refusal.Reason.ShouldBe(RefusalReason.Revoked);
            (await host.VerifyAsync("sk-stays")).Key.ShouldNotBeNull();
        }

        await using (var host = await KeysHost.StartAsync(database, "sk-stays,sk-leaves", Administrator))
        {
            (await host.VerifyAsync("sk-leaves")).Key.KeyId.ShouldBe(id);
        }
    }

    [Fact]
    public async Task Without_an_administrators_key_one_is_made_printed_once_and_works()
    {
        var database = await postgres.CreateDatabaseAsync();
        string secret;
        await using (var host = await KeysHost.StartAsync(database))
        {
            secret = host.Log.Select(GeneratedKey).OfType<string>().ShouldHaveSingleItem();
            var key = (await host.VerifyAsync(secret)).Key;
            key.AccountId.ShouldBe(Account.Administrator);
            key.Role.ShouldBe(Role.Administrator);
        }

        await using (var host = await KeysHost.StartAsync(database))
        {
            host.Log.ShouldAllBe(line => GeneratedKey(line) == null);
            (await host.VerifyAsync(secret)).Key.ShouldNotBeNull();
        }
    }

    [Fact]
    public async Task A_configured_administrators_key_replaces_the_one_that_was_made_and_the_one_before()
    {
        var database = await postgres.CreateDatabaseAsync();
        string made;
        await using (var host = await KeysHost.StartAsync(database))
        {
            made = host.Log.Select(GeneratedKey).OfType<string>().Single();
        }

        await using (var host = await KeysHost.StartAsync(database, administrator: "sk-first-configured"))
        {
            (await host.VerifyAsync(made)).Refusal.Reason.ShouldBe(RefusalReason.Revoked);
            (await host.VerifyAsync("sk-first-configured")).Key.Role.ShouldBe(Role.Administrator);
        }

        await using (var host = await KeysHost.StartAsync(database, administrator: "sk-second-configured"))
        {
            (await host.VerifyAsync("sk-first-configured")).Refusal.Reason.ShouldBe(RefusalReason.Revoked);
            (await host.VerifyAsync("sk-second-configured")).Key.Role.ShouldBe(Role.Administrator);
        }
    }

    [Fact]
    public async Task No_secret_is_stored_or_logged()
    {
        const string Listed = "sk-a-secret-that-must-not-leak";
        var database = await postgres.CreateDatabaseAsync();
        await using var host = await KeysHost.StartAsync(database, Listed, Administrator);
        await host.VerifyAsync(Listed);
        await host.VerifyAsync("sk-an-unknown-secret-that-must-not-leak");

        await using var db = Database.Open(database);
        var stored = await db.LinesAsync("""
            SELECT k::text AS "Value" FROM keys.api_keys k UNION ALL SELECT a::text FROM keys.accounts a
            UNION ALL SELECT s::text || encode(s.secret_hash, 'escape') FROM keys.key_secrets s
            """);

        stored.Count.ShouldBe(6);
        foreach (var text in stored.Concat(host.Log))
        {
            text.ShouldNotContain("must-not-leak");
            text.ShouldNotContain(Administrator);
        }
    }

    [Fact]
    public async Task The_database_holds_the_SHA_256_of_the_secret()
    {
        var database = await postgres.CreateDatabaseAsync();
        await using var host = await KeysHost.StartAsync(database, "abc", Administrator);

        var key = (await Database.KeysAsync(database)).Single(key => key.Role == KeyRole.Account);

        // FIPS 180-4's own example.
        Convert.ToHexStringLower(key.Secrets.Single().Hash).ShouldBe("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    }

    private static (Guid, string, string, KeyRole, DateTimeOffset, DateTimeOffset?) Row(ApiKey key) =>
        (key.Id, key.AccountId, key.Secrets.Single().Masked, key.Role, key.CreatedAt, key.RevokedAt);

    private static string? GeneratedKey(string line) =>
        Regex.Match(line, "sk-llmgw-[0-9A-Za-z]{49}", RegexOptions.None, TimeSpan.FromSeconds(1)) is { Success: true } match ? match.Value : null;
}
