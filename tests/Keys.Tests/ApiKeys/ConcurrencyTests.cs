using Google.Protobuf.WellKnownTypes;
using LlmGateway.Protos.Keys.V1;
using LlmGateway.Testing;

namespace LlmGateway.Keys.Tests.ApiKeys;

public sealed class ConcurrencyTests(PostgresFixture postgres) : IClassFixture<PostgresFixture>
{
    private const int Many = 20;

    [Fact]
    public async Task Parallel_rotations_leave_one_current_secret_and_each_that_was_given_out_works()
    {
        var database = await postgres.CreateKeysDatabaseAsync();
        await using var host = await StartAsync(database);
        var key = (await host.IssueAsync("rotated")).Key.Id;
        var request = new RotateKeyRequest { Actor = Management.By, Key = key, Overlap = Duration.FromTimeSpan(TimeSpan.FromHours(1)) };

        var replies = await Task.WhenAll(Enumerable.Range(0, Many).Select(async _ => await host.Admin.RotateKeyAsync(request)));

        var given = replies.Where(reply => reply.Rejection is null).Select(reply => reply.Key.Secret).ToList();
        given.Distinct().Count().ShouldBe(10);
        foreach (var secret in given)
        {
            (await host.VerifyAsync(secret)).Key.KeyId.ShouldBe(key);
        }

        (await Database.KeysAsync(database)).Single(k => k.Name == "rotated").Secrets.Count(secret => secret.ExpiresAt is null).ShouldBe(1);
        (await host.AuditAsync()).Count(entry => entry.Action == "key.rotated").ShouldBe(10);
    }

    [Fact]
    public async Task Parallel_revocations_of_one_key_all_succeed_and_are_one_change()
    {
        await using var host = await StartAsync(await postgres.CreateKeysDatabaseAsync());
        var key = (await host.IssueAsync()).Key.Id;

        var replies = await Task.WhenAll(Enumerable.Range(0, Many).Select(_ => host.RevokeAsync(key)));

        replies.Select(reply => reply.Key.RevokedAt).Distinct().ShouldHaveSingleItem().ShouldNotBeNull();
        (await host.AuditAsync()).Count(entry => entry.Action == "key.revoked").ShouldBe(1);
    }

    [Fact]
    public async Task Parallel_imports_of_the_same_keys_are_one_import()
    {
        var database = await postgres.CreateKeysDatabaseAsync();
        await using var host = await StartAsync(database);
        var request = new ImportKeysRequest { Actor = Management.By, AccountId = "new" };
        request.Keys.AddRange(Enumerable.Range(0, 50).Select(index => new ImportedKey { Secret = $"sk-imported-{index}", Name = $"imported {index}" }));

        var replies = await Task.WhenAll(Enumerable.Range(0, Many).Select(async _ => await host.Admin.ImportKeysAsync(request)));

        replies.Count(reply => reply.Rejection is null).ShouldBe(1);
        replies.Select(reply => reply.Rejection).OfType<Rejection>().ShouldAllBe(
            rejection => rejection.Kind == RejectionKind.Conflict && rejection.Field == "keys[0].secret");
        (await Database.KeysAsync(database)).Count(key => key.AccountId == "new").ShouldBe(50);
    }

    [Fact]
    public async Task Keys_issued_at_once_for_an_account_that_nobody_opened_open_it_once()
    {
        await using var host = await StartAsync(await postgres.CreateKeysDatabaseAsync());

        var keys = await Task.WhenAll(Enumerable.Range(0, Many).Select(index => host.IssueAsync($"key {index}", "new")));

        keys.Select(key => key.Secret).Distinct().Count().ShouldBe(Many);
        (await host.AuditAsync()).Count(entry => entry is { Action: "account.created", SubjectId: "new" }).ShouldBe(1);
    }

    [Fact]
    public async Task An_import_of_more_than_a_hundred_keys_is_one_word_to_the_gateways_and_all_or_none()
    {
        var database = await postgres.CreateKeysDatabaseAsync();
        await using var host = await StartAsync(database);
        var request = new ImportKeysRequest { Actor = Management.By };
        request.Keys.AddRange(Enumerable.Range(0, 2_000).Select(index => new ImportedKey
        {
            Secret = $"sk-imported-{index}",
            Name = $"imported {index}",
            Limits = new Protos.Keys.V1.Limits { TotalTokens = index },
        }));
        var position = await Management.PositionAsync(database);

        var reply = await host.Admin.ImportKeysAsync(request);

        reply.Rejection.ShouldBeNull();
        reply.Keys.Select(key => key.Limits.TotalTokens).ShouldBe(Enumerable.Range(0, 2_000).Select(index => (long)index));
        (await Management.ChangesAfterAsync(database, position)).ShouldBe(["Everything:"]);
        request.Keys.Insert(0, new ImportedKey { Secret = "sk-new", Name = "new" });
        (await host.Admin.ImportKeysAsync(request)).Rejection.Field.ShouldBe("keys[1].secret");
        (await host.VerifyAsync("sk-new")).Refusal.Reason.ShouldBe(RefusalReason.UnknownKey);
    }

    private static Task<KeysHost> StartAsync(string database) => KeysHost.StartAsync(database, "", "sk-administrator-of-this-test", new FakeTime());
}
