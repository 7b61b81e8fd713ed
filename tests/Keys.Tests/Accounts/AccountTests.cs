using LlmGateway.Protos.Keys.V1;
using LlmGateway.Testing;

namespace LlmGateway.Keys.Tests.Accounts;

public sealed class AccountTests(PostgresFixture postgres) : IClassFixture<PostgresFixture>
{
    private readonly FakeTime _time = new();

    [Fact]
    public async Task An_account_has_what_was_asked_for_and_keeps_what_an_update_does_not_say()
    {
        await using var host = await StartAsync();
        await host.CreateTariffAsync("gold", new Protos.Keys.V1.Limits());
        var created = (await host.Admin.CreateAccountAsync(new CreateAccountRequest
        {
            Actor = Management.By,
            Id = "acme",
            Description = "a customer",
            Tariff = "gold",
            Labels = { ["team"] = "core" },
        })).Account;

        (created.Id, created.Description, created.Tariff, created.Labels["team"]).ShouldBe(("acme", "a customer", "gold", "core"));
        var updated = (await host.Admin.UpdateAccountAsync(
            new UpdateAccountRequest { Actor = Management.By, Id = "acme", Labels = new Labels { Values = { ["stage"] = "live" } } })).Account;
        (updated.Description, updated.Tariff, updated.CreatedAt).ShouldBe((created.Description, created.Tariff, created.CreatedAt));
        updated.Labels.ShouldHaveSingleItem().ShouldBe(new("stage", "live"));
        (await host.Admin.UpdateAccountAsync(new UpdateAccountRequest { Actor = Management.By, Id = "acme", Tariff = "" })).Account.Tariff.ShouldBe("");
        (await host.Admin.GetAccountAsync(new GetAccountRequest { Id = "acme" })).Account.Description.ShouldBe("a customer");
    }

    [Fact]
    public async Task A_revoked_account_takes_no_new_keys_and_loses_none()
    {
        await using var host = await StartAsync();
        var issued = await host.IssueAsync();

        var revoked = (await SetRevokedAsync(host, true)).Account;

        revoked.RevokedAt.ToDateTimeOffset().ShouldBe(_time.GetUtcNow());
        (await host.VerifyAsync(issued.Secret)).Refusal.Reason.ShouldBe(RefusalReason.Revoked);
        var refused = (await host.Admin.IssueKeyAsync(new IssueKeyRequest { Actor = Management.By, Name = "n", AccountId = "acme" })).Rejection;
        (refused.Kind, refused.Field).ShouldBe((RejectionKind.Conflict, "account_id"));
        (await SetRevokedAsync(host, false)).Account.RevokedAt.ShouldBeNull();
        (await host.VerifyAsync(issued.Secret)).Key.KeyId.ShouldBe(issued.Key.Id);
    }

    [Fact]
    public async Task The_tariff_of_an_account_is_that_of_its_keys_without_one()
    {
        await using var host = await StartAsync();
        await host.CreateTariffAsync("gold", new Protos.Keys.V1.Limits { Parallel = 5 });
        var key = (await host.IssueAsync()).Key.Id;

        await host.Admin.UpdateAccountAsync(new UpdateAccountRequest { Actor = Management.By, Id = "acme", Tariff = "gold" });

        (await host.GetAsync(key)).EffectiveLimits.Parallel.ShouldBe(5);
        (await host.GetAsync(key)).Tariff.ShouldBe("");
    }

    private static async Task<AccountReply> SetRevokedAsync(KeysHost host, bool revoked) => await host.Admin.SetAccountRevokedAsync(
        new SetAccountRevokedRequest { Actor = Management.By, Id = "acme", Revoked = revoked });

    private async Task<KeysHost> StartAsync() =>
        await KeysHost.StartAsync(await postgres.CreateKeysDatabaseAsync(), "", "sk-administrator-of-this-test", _time);
}
