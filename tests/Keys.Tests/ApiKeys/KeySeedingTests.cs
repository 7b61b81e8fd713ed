using System.Text.RegularExpressions;
using Google.Protobuf.WellKnownTypes;
using LlmGateway.Keys.ApiKeys;
using LlmGateway.Protos.Keys.V1;
using LlmGateway.Testing;
using Microsoft.EntityFrameworkCore;
using Account = LlmGateway.Keys.Accounts.Account;

namespace LlmGateway.Keys.Tests.ApiKeys;

public sealed class KeySeedingTests(PostgresFixture postgres) : IClassFixture<PostgresFixture>
{
    private const string Administrator = "sk-seeding-administrator";

    [Fact]
    public async Task Starting_again_changes_nothing()
    {
        var database = await postgres.CreateKeysDatabaseAsync();
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
        var database = await postgres.CreateKeysDatabaseAsync();

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
        var database = await postgres.CreateKeysDatabaseAsync();
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
        var database = await postgres.CreateKeysDatabaseAsync();
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
        var database = await postgres.CreateKeysDatabaseAsync();
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
    public async Task What_an_administrator_revoked_no_start_brings_back_and_a_warning_says_so()
    {
        var database = await postgres.CreateKeysDatabaseAsync();
        await using (var host = await KeysHost.StartAsync(database, "sk-stolen-from-somebody,sk-stays", Administrator))
        {
            (await host.RevokeAsync("ALLOWED_API_KEYS 1")).Key.Source.ShouldBe("imported");
        }

        // Listed, gone, and listed again.
        foreach (var allowed in (string[])["sk-stolen-from-somebody,sk-stays", "sk-stays", "sk-stolen-from-somebody,sk-stays"])
        {
            await using var host = await KeysHost.StartAsync(database, allowed, Administrator);
            (await host.VerifyAsync("sk-stolen-from-somebody")).Refusal.Reason.ShouldBe(RefusalReason.Revoked);
            (await host.VerifyAsync("sk-stays")).Key.ShouldNotBeNull();
            var isListed = allowed.Contains("stolen", StringComparison.Ordinal);
            host.Log.Count(line => line.Contains("Warning: ALLOWED_API_KEYS 1 (sk-stole...) was revoked", StringComparison.Ordinal)).ShouldBe(isListed ? 1 : 0);
            host.Log.ShouldAllBe(line => !line.Contains("sk-stolen-from", StringComparison.Ordinal));
        }
    }

    [Fact]
    public async Task Where_an_administrator_revoked_every_administrators_key_of_configuration_one_is_made()
    {
        var database = await postgres.CreateKeysDatabaseAsync();
        await using (var host = await KeysHost.StartAsync(database, administrator: Administrator))
        {
            await host.IssueAsync("second", role: Role.Administrator);
            (await host.RevokeAsync("ADMIN_API_KEY")).Rejection.ShouldBeNull();
        }

        await using (var db = Database.Open(database))
        {
            await db.ApiKeys.ExecuteUpdateAsync(set => set.SetProperty(key => key.RevokedAt, DateTimeOffset.UnixEpoch));
        }

        await using (var host = await KeysHost.StartAsync(database, administrator: Administrator))
        {
            var made = host.Log.Select(GeneratedKey).OfType<string>().ShouldHaveSingleItem();
            (await host.VerifyAsync(made)).Key.Role.ShouldBe(Role.Administrator);
        }
    }

    [Fact]
    public async Task An_administrators_key_of_a_revoked_account_is_none_so_that_one_is_made()
    {
        var database = await postgres.CreateKeysDatabaseAsync();
        await using (var host = await KeysHost.StartAsync(database, administrator: Administrator))
        {
            await host.IssueAsync("second", "ops", role: Role.Administrator);
            (await host.Admin.SetAccountRevokedAsync(new SetAccountRevokedRequest { Actor = Management.By, Id = "ops", Revoked = true })).Rejection.ShouldBeNull();
        }

        await using (var host = await KeysHost.StartAsync(database))
        {
            var made = host.Log.Select(GeneratedKey).OfType<string>().ShouldHaveSingleItem();
            (await host.VerifyAsync(made)).Key.Role.ShouldBe(Role.Administrator);
        }
    }

    [Fact]
    public async Task A_rotated_key_that_configuration_names_keeps_the_named_secret_only()
    {
        var database = await postgres.CreateKeysDatabaseAsync();
        IssuedKey old;
        string current;
        await using (var host = await KeysHost.StartAsync(database, administrator: Administrator))
        {
            old = await host.IssueAsync("a customer's");
            current = (await host.RotateAsync(old.Key.Id, TimeSpan.FromDays(1))).Secret;
        }

        await using (var host = await KeysHost.StartAsync(database, administrator: current))
        {
            (await host.VerifyAsync(current)).Key.ShouldSatisfyAllConditions(
                key => key.KeyId.ShouldBe(old.Key.Id), key => key.Role.ShouldBe(Role.Administrator));
            (await host.VerifyAsync(old.Secret)).Refusal.Reason.ShouldBe(RefusalReason.UnknownKey);
            (await host.AuditAsync()).First(entry => entry.SubjectId == old.Key.Id).DetailsJson.ShouldContain("removed_secrets");
        }
    }

    [Fact]
    public async Task Two_secrets_of_one_key_that_configuration_names_for_two_roles_become_two_keys()
    {
        var database = await postgres.CreateKeysDatabaseAsync();
        IssuedKey old;
        string current;
        await using (var host = await KeysHost.StartAsync(database, administrator: Administrator))
        {
            old = await host.IssueAsync("a customer's");
            current = (await host.RotateAsync(old.Key.Id, TimeSpan.FromDays(1))).Secret;
        }

        for (var start = 0; start < 2; start++)
        {
            await using var host = await KeysHost.StartAsync(database, old.Secret, current);
            var (customer, administrator) = ((await host.VerifyAsync(old.Secret)).Key, (await host.VerifyAsync(current)).Key);
            (customer.KeyId, customer.Role).ShouldBe((old.Key.Id, Role.Account));
            (administrator.KeyId == old.Key.Id, administrator.Role).ShouldBe((false, Role.Administrator));
        }
    }

    [Fact]
    public async Task Two_secrets_of_one_key_that_are_both_listed_go_on_and_a_second_start_changes_nothing()
    {
        var database = await postgres.CreateKeysDatabaseAsync();
        IssuedKey old;
        string current;
        await using (var host = await KeysHost.StartAsync(database, administrator: Administrator))
        {
            old = await host.IssueAsync("ALLOWED_API_KEYS 1");
            current = (await host.RotateAsync(old.Key.Id, TimeSpan.FromDays(1))).Secret;
        }

        await using (var host = await KeysHost.StartAsync(database, $"{old.Secret},{current}", Administrator))
        {
            (await host.VerifyAsync(old.Secret)).Key.KeyId.ShouldBe(old.Key.Id);
            (await host.VerifyAsync(current)).Key.KeyId.ShouldBe(old.Key.Id);
        }

        var position = await Management.PositionAsync(database);
        await using (await KeysHost.StartAsync(database, $"{old.Secret},{current}", Administrator))
        {
            (await Management.PositionAsync(database)).ShouldBe(position);
        }
    }

    [Fact]
    public async Task A_listed_key_whose_expiry_is_over_stays_expired_and_a_warning_says_so()
    {
        var database = await postgres.CreateKeysDatabaseAsync();
        var time = new FakeTime();
        await using (var host = await KeysHost.StartAsync(database, "sk-listed-and-ending", Administrator, time))
        {
            await host.Admin.UpdateKeyAsync(new UpdateKeyRequest
            {
                Actor = Management.By,
                Key = "ALLOWED_API_KEYS 1",
                Expires = new Expiry { At = Timestamp.FromDateTimeOffset(time.GetUtcNow().AddHours(1)) },
            });
        }

        foreach (var isOver in (bool[])[false, true])
        {
            await using var host = await KeysHost.StartAsync(database, "sk-listed-and-ending", Administrator, time);
            host.Log.Count(line => line.Contains("Warning: ALLOWED_API_KEYS 1 (sk-liste...) has the expiry", StringComparison.Ordinal)).ShouldBe(isOver ? 1 : 0);
            (await host.GetAsync("ALLOWED_API_KEYS 1")).State.ShouldBe(isOver ? KeyState.Expired : KeyState.Active);
            time.Advance(TimeSpan.FromHours(1));
        }
    }

    [Fact]
    public async Task An_issued_administrators_key_outlives_a_configured_one()
    {
        var database = await postgres.CreateKeysDatabaseAsync();
        string issued;
        await using (var host = await KeysHost.StartAsync(database))
        {
            issued = (await host.IssueAsync("second", role: Role.Administrator)).Secret;
        }

        await using (var host = await KeysHost.StartAsync(database, administrator: Administrator))
        {
            (await host.VerifyAsync(issued)).Key.ShouldNotBeNull();
        }
    }

    [Fact]
    public async Task A_name_that_an_administrator_gave_stays_and_numbers_follow_the_list()
    {
        var database = await postgres.CreateKeysDatabaseAsync();
        string id;
        await using (var host = await KeysHost.StartAsync(database, "sk-one,sk-two,sk-three", Administrator))
        {
            id = (await host.GetAsync("ALLOWED_API_KEYS 2")).Id;
            await host.Admin.UpdateKeyAsync(new UpdateKeyRequest { Actor = Management.By, Key = id, Name = "the second" });
        }

        await using (var host = await KeysHost.StartAsync(database, "sk-two,sk-three", Administrator))
        {
            (await host.GetAsync("the second")).Id.ShouldBe(id);
            (await host.GetAsync("ALLOWED_API_KEYS 2")).ShouldNotBeNull();
        }
    }

    [Fact]
    public async Task What_a_start_changes_is_in_the_audit_and_told_to_the_gateways_and_what_it_leaves_is_not()
    {
        var database = await postgres.CreateKeysDatabaseAsync();
        string leaves;
        await using (var host = await KeysHost.StartAsync(database, "sk-stays,sk-leaves", Administrator))
        {
            leaves = (await host.VerifyAsync("sk-leaves")).Key.KeyId;
            (await host.AuditAsync()).Select(entry => (entry.Action, entry.Actor.AccountId)).Order().ShouldBe(
            [
                ("account.created", "configuration"), ("account.created", "configuration"),
                ("key.configured", "configuration"), ("key.configured", "configuration"), ("key.configured", "configuration"),
            ]);
        }

        var position = await Management.PositionAsync(database);
        await using (var host = await KeysHost.StartAsync(database, "sk-stays", Administrator))
        {
            (await Management.ChangesAfterAsync(database, position)).ShouldBe([$"Key:{leaves}"]);
            var newest = (await host.AuditAsync())[0];
            (newest.Action, newest.SubjectId, newest.Actor.AccountId).ShouldBe(("key.revoked", leaves, "configuration"));
        }

        position = await Management.PositionAsync(database);
        await using (var host = await KeysHost.StartAsync(database, "sk-stays", Administrator))
        {
            (await Management.ChangesAfterAsync(database, position)).ShouldBeEmpty();
        }
    }

    [Fact]
    public async Task The_internal_key_is_of_the_internal_account_and_role()
    {
        var database = await postgres.CreateKeysDatabaseAsync();
        await using var host = await KeysHost.StartAsync(
            database, administrator: Administrator, settings: new Dictionary<string, string?> { ["Keys:Internal"] = "sk-internal-of-this-test" });

        var key = await host.GetAsync("INTERNAL_API_KEY");
        (key.AccountId, key.Role, key.Source).ShouldBe((Account.Internal, Role.Internal, "configured"));
    }

    [Fact]
    public async Task The_placeholder_of_the_internal_key_is_no_key_in_development()
    {
        var database = await postgres.CreateKeysDatabaseAsync();
        await using var host = await KeysHost.StartAsync(
            database,
            administrator: Administrator,
            settings: new Dictionary<string, string?> { ["Keys:Internal"] = KeysOptionsValidator.Placeholder },
            environment: "Development");

        (await Database.KeysAsync(database)).ShouldAllBe(key => key.Role != KeyRole.Internal);
        host.Log.Count(line => line.StartsWith("Warning: INTERNAL_API_KEY", StringComparison.Ordinal)).ShouldBe(1);
    }

    [Fact]
    public async Task No_secret_is_stored_or_logged()
    {
        const string Listed = "sk-a-secret-that-must-not-leak";
        var database = await postgres.CreateKeysDatabaseAsync();
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
        var database = await postgres.CreateKeysDatabaseAsync();
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
