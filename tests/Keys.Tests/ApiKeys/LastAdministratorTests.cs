using Google.Protobuf.WellKnownTypes;
using LlmGateway.Protos.Keys.V1;
using LlmGateway.Testing;
using Microsoft.EntityFrameworkCore;

namespace LlmGateway.Keys.Tests.ApiKeys;

public sealed class LastAdministratorTests(PostgresFixture postgres) : IClassFixture<PostgresFixture>
{
    private readonly FakeTime _time = new();

    [Fact]
    public async Task The_last_administrators_key_can_neither_be_revoked_nor_be_given_an_end()
    {
        await using var host = await StartAsync();

        (await host.RevokeAsync("ADMIN_API_KEY")).Rejection.Kind.ShouldBe(RejectionKind.Conflict);
        (await ExpireAsync(host, "ADMIN_API_KEY")).Rejection.Kind.ShouldBe(RejectionKind.Conflict);
        (await host.GetAsync("ADMIN_API_KEY")).State.ShouldBe(KeyState.Active);
        (await host.GetAsync("ADMIN_API_KEY")).ExpiresAt.ShouldBeNull();
    }

    [Fact]
    public async Task A_second_one_sets_the_first_free_unless_it_ends_itself()
    {
        await using var host = await StartAsync();
        var ending = await host.IssueAsync("ending", role: Role.Administrator, expiresAt: Timestamp.FromDateTimeOffset(_time.GetUtcNow().AddDays(1)));
        await host.IssueAsync("reader", role: Role.Operator);
        (await host.RevokeAsync("ADMIN_API_KEY")).Rejection.ShouldNotBeNull();

        var second = await host.IssueAsync("second", "root", role: Role.Administrator);
        (await host.RevokeAsync("ADMIN_API_KEY")).Rejection.ShouldBeNull();

        (await host.RevokeAsync(second.Key.Id)).Rejection.Kind.ShouldBe(RejectionKind.Conflict);
        (await host.Admin.SetAccountRevokedAsync(new SetAccountRevokedRequest { Actor = Management.By, Id = "root", Revoked = true }))
            .Rejection.Kind.ShouldBe(RejectionKind.Conflict);
        (await host.RevokeAsync(ending.Key.Id)).Rejection.ShouldBeNull();
    }

    [Fact]
    public async Task A_key_of_a_revoked_account_is_no_second_administrator()
    {
        await using var host = await StartAsync();
        await host.IssueAsync("second", "root", role: Role.Administrator);
        (await host.Admin.SetAccountRevokedAsync(new SetAccountRevokedRequest { Actor = Management.By, Id = "root", Revoked = true }))
            .Rejection.ShouldBeNull();

        (await host.RevokeAsync("ADMIN_API_KEY")).Rejection.Kind.ShouldBe(RejectionKind.Conflict);
    }

    [Fact]
    public async Task Where_every_administrators_key_has_an_end_other_accounts_can_still_be_revoked()
    {
        var database = await postgres.CreateKeysDatabaseAsync();
        await using var host = await KeysHost.StartAsync(database, "", "sk-administrator-of-this-test", _time);
        await host.CreateAccountAsync("acme");
        await host.IssueAsync("ending", "ops", Role.Administrator, Timestamp.FromDateTimeOffset(_time.GetUtcNow().AddDays(1)));
        await using (var db = Database.Open(database))
        {
            await db.ApiKeys.ExecuteUpdateAsync(set => set.SetProperty(key => key.ExpiresAt, _time.GetUtcNow().AddDays(1)));
        }

        (await host.Admin.SetAccountRevokedAsync(new SetAccountRevokedRequest { Actor = Management.By, Id = "acme", Revoked = true }))
            .Rejection.ShouldBeNull();
    }

    [Fact]
    public async Task Two_that_revoke_each_other_at_once_do_not_both_succeed()
    {
        await using var host = await StartAsync();
        var others = new List<string>();
        for (var count = 0; count < 9; count++)
        {
            others.Add((await host.IssueAsync($"administrator {count}", role: Role.Administrator)).Key.Id);
        }

        var replies = await Task.WhenAll(others.Append("ADMIN_API_KEY").Select(host.RevokeAsync));

        replies.Count(reply => reply.Rejection is not null).ShouldBe(1);
        (await host.Admin.GetStatsAsync(new GetStatsRequest())).ActiveKeys.ShouldBe(1);
    }

    private static async Task<KeyReply> ExpireAsync(KeysHost host, string key) => await host.Admin.UpdateKeyAsync(new UpdateKeyRequest
    {
        Actor = Management.By,
        Key = key,
        Expires = new Expiry { At = new Timestamp { Seconds = 4_000_000_000 } },
    });

    private async Task<KeysHost> StartAsync() =>
        await KeysHost.StartAsync(await postgres.CreateKeysDatabaseAsync(), "", "sk-administrator-of-this-test", _time);
}
