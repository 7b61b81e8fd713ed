using LlmGateway.Protos.Keys.V1;
using LlmGateway.Testing;

namespace LlmGateway.Keys.Tests.Grpc;

public sealed class VerifyTests(PostgresFixture postgres) : IClassFixture<PostgresFixture>
{
    [Fact]
    public async Task A_listed_key_belongs_to_the_default_account_and_is_shown_masked()
    {
        await using var host = await KeysHost.StartAsync(await postgres.CreateKeysDatabaseAsync(), "sk-test-0123456789", "sk-admin-of-this-test");

        var key = (await host.VerifyAsync("sk-test-0123456789")).Key;

        Guid.TryParse(key.KeyId, out _).ShouldBeTrue();
        key.AccountId.ShouldBe("default");
        key.MaskedKey.ShouldBe("sk-test-...");
        key.Role.ShouldBe(Role.Account);
    }

    [Fact]
    public async Task The_administrators_key_acts_as_account_admin()
    {
        await using var host = await KeysHost.StartAsync(await postgres.CreateKeysDatabaseAsync(), administrator: "sk-admin-of-this-test");

        var key = (await host.VerifyAsync("sk-admin-of-this-test")).Key;

        key.AccountId.ShouldBe("admin");
        key.Role.ShouldBe(Role.Administrator);
    }

    [Theory]
    [InlineData("sk-test-012345678")]
    [InlineData("sk-test-01234567890")]
    [InlineData("SK-TEST-0123456789")]
    [InlineData(" sk-test-0123456789")]
    [InlineData("' OR 1=1 --")]
    public async Task Any_other_text_is_an_unknown_key(string secret)
    {
        await using var host = await KeysHost.StartAsync(await postgres.CreateKeysDatabaseAsync(), "sk-test-0123456789", "sk-admin-of-this-test");

        (await host.VerifyAsync(secret)).Refusal.Reason.ShouldBe(RefusalReason.UnknownKey);
    }
}
