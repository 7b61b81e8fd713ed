using Google.Protobuf.WellKnownTypes;
using Grpc.Core;
using LlmGateway.Keys.ApiKeys;
using LlmGateway.Protos.Keys.V1;
using LlmGateway.Testing;

namespace LlmGateway.Keys.Tests.Audit;

public sealed class AuditTests(PostgresFixture postgres) : IClassFixture<PostgresFixture>
{
    private readonly FakeTime _time = new();

    [Fact]
    public async Task Every_change_says_who_what_and_when_to_the_audit_and_which_thing_to_the_gateways()
    {
        var database = await postgres.CreateKeysDatabaseAsync();
        await using var host = await StartAsync(database);
        var (admin, by) = (host.Admin, Management.By);
        var key = (await host.IssueAsync("kept")).Key.Id;

        await ChangesAsync("account.created", "account", "one", () => admin.CreateAccountAsync(new CreateAccountRequest { Actor = by, Id = "one" }));
        await ChangesAsync("account.updated", "account", "one", () => admin.UpdateAccountAsync(new UpdateAccountRequest { Actor = by, Id = "one", Description = "d" }));
        await ChangesAsync("account.revoked", "account", "one", () => admin.SetAccountRevokedAsync(new SetAccountRevokedRequest { Actor = by, Id = "one", Revoked = true }));
        await ChangesAsync("account.reinstated", "account", "one", () => admin.SetAccountRevokedAsync(new SetAccountRevokedRequest { Actor = by, Id = "one" }));
        await ChangesAsync("tariff.created", "tariff", "gold", () => admin.CreateTariffAsync(new CreateTariffRequest { Actor = by, Id = "gold" }));
        await ChangesAsync("tariff.updated", "tariff", "gold", () => admin.UpdateTariffAsync(new UpdateTariffRequest { Actor = by, Id = "gold", Description = "d" }));
        _time.Advance(TimeSpan.FromSeconds(1));
        await ChangesAsync("tariff.version_added", "tariff", "gold", () => admin.AddTariffVersionAsync(new AddTariffVersionRequest { Actor = by, Id = "gold" }));
        await ChangesAsync("key.issued", "key", null, () => admin.IssueKeyAsync(new IssueKeyRequest { Actor = by, Name = "n" }));
        await ChangesAsync("key.imported", "key", null, () => admin.ImportKeysAsync(
            new ImportKeysRequest { Actor = by, Keys = { new ImportedKey { Secret = "sk-imported-in-this-test", Name = "n" } } }));
        await ChangesAsync("key.rotated", "key", key, () => admin.RotateKeyAsync(new RotateKeyRequest { Actor = by, Key = key, Overlap = Duration.FromTimeSpan(TimeSpan.FromHours(1)) }));
        await ChangesAsync("key.updated", "key", key, () => admin.UpdateKeyAsync(new UpdateKeyRequest { Actor = by, Key = key, Tariff = "gold" }));
        await ChangesAsync("key.limits_set", "key", key, () => admin.SetLimitsAsync(
            new SetLimitsRequest { Actor = by, Key = key, Limits = new Protos.Keys.V1.Limits { DailyTokens = 7 } }));
        await ChangesAsync("key.revoked", "key", key, () => admin.RevokeKeyAsync(new RevokeKeyRequest { Actor = by, Key = key }));

        (await host.AuditAsync()).Single(entry => entry.Action == "key.limits_set").DetailsJson
            .ShouldBe("""{"daily_tokens": {"to": 7, "from": null}}""");

        async Task ChangesAsync<T>(string action, string kind, string? id, Func<AsyncUnaryCall<T>> call)
        {
            var position = await Management.PositionAsync(database);
            var last = (await host.AuditAsync())[0].Id;

            await call();

            var entry = (await host.AuditAsync()).Where(e => e.Id > last).ShouldHaveSingleItem(action);
            (entry.Action, entry.SubjectKind).ShouldBe((action, kind));
            entry.SubjectId.ShouldBe(id ?? entry.SubjectId);
            entry.Actor.ShouldBe(by);
            entry.At.ShouldBe(Timestamp.FromDateTimeOffset(_time.GetUtcNow()));
            (await Management.ChangesAfterAsync(database, position)).ShouldBe([$"{kind[..1].ToUpperInvariant()}{kind[1..]}:{entry.SubjectId}"], action);
        }
    }

    [Fact]
    public async Task What_changes_nothing_succeeds_and_leaves_no_trace()
    {
        var database = await postgres.CreateKeysDatabaseAsync();
        await using var host = await StartAsync(database);
        var (admin, by) = (host.Admin, Management.By);
        var key = (await host.IssueAsync("kept", limits: new Protos.Keys.V1.Limits { Parallel = 2 })).Key;
        var revoked = (await host.RevokeAsync((await host.IssueAsync("gone")).Key.Id)).Key;
        await host.CreateTariffAsync("gold", new Protos.Keys.V1.Limits());
        await admin.SetAccountRevokedAsync(new SetAccountRevokedRequest { Actor = by, Id = "acme", Revoked = true });
        _time.Advance(TimeSpan.FromHours(1));
        var (position, entries) = (await Management.PositionAsync(database), (await host.AuditAsync()).Count);

        (await host.RevokeAsync(revoked.Id)).Key.ShouldBe(revoked);
        (await admin.SetAccountRevokedAsync(new SetAccountRevokedRequest { Actor = by, Id = "acme", Revoked = true })).Rejection.ShouldBeNull();
        (await admin.UpdateAccountAsync(new UpdateAccountRequest { Actor = by, Id = "acme", Description = "", Tariff = "", Labels = new Labels() }))
            .Rejection.ShouldBeNull();
        (await admin.UpdateTariffAsync(new UpdateTariffRequest { Actor = by, Id = "gold", Description = "" })).Rejection.ShouldBeNull();
        (await admin.SetLimitsAsync(new SetLimitsRequest { Actor = by, Key = key.Id, Limits = key.Limits })).Key.ShouldBe(key);
        (await admin.UpdateKeyAsync(new UpdateKeyRequest
        {
            Actor = by,
            Key = key.Id,
            Name = "kept",
            AllowedModels = new AllowedModels(),
            Labels = new Labels(),
            Expires = new Expiry(),
        })).Key.ShouldBe(key);

        (await Management.PositionAsync(database)).ShouldBe(position);
        (await host.AuditAsync()).Count.ShouldBe(entries);
    }

    [Fact]
    public async Task Neither_a_secret_nor_a_hash_is_written_outside_of_the_table_of_hashes()
    {
        var database = await postgres.CreateKeysDatabaseAsync();
        await using var host = await StartAsync(database);
        var issued = await host.IssueAsync("first", role: Role.Administrator);
        var rotated = await host.RotateAsync(issued.Key.Id, TimeSpan.FromHours(1));
        await host.Admin.ImportKeysAsync(
            new ImportKeysRequest { Actor = Management.By, Keys = { new ImportedKey { Secret = "sk-imported-in-this-test", Name = "n" } } });
        await host.RevokeAsync(issued.Key.Id);

        await using var db = Database.Open(database);
        var rows = await db.LinesAsync("""
            SELECT e::text AS "Value" FROM keys.audit_entries e UNION ALL SELECT k::text FROM keys.api_keys k
            UNION ALL SELECT c::text FROM keys.changes c UNION ALL SELECT a::text FROM keys.accounts a
            """);
        foreach (var secret in (string[])[issued.Secret, rotated.Secret, "sk-imported-in-this-test", "sk-administrator-of-this-test"])
        {
            var hash = KeySecret.Parse(secret)!.Hash();
            foreach (var text in rows.Concat(host.Log))
            {
                text.ShouldNotContain(secret);
                text.ShouldNotContain(Convert.ToHexString(hash), Case.Insensitive);
                text.ShouldNotContain(Convert.ToBase64String(hash));
            }
        }
    }

    private static Task<KeysHost> StartAsync(string database, FakeTime time) => KeysHost.StartAsync(database, "", "sk-administrator-of-this-test", time);

    private Task<KeysHost> StartAsync(string database) => StartAsync(database, _time);
}
