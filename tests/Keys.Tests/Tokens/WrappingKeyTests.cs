using System.Security.Cryptography;
using LlmGateway.Keys.Tokens;
using LlmGateway.Protos.Keys.V1;
using LlmGateway.Testing;
using Microsoft.EntityFrameworkCore;

namespace LlmGateway.Keys.Tests.Tokens;

public sealed class WrappingKeyTests(PostgresFixture postgres) : IClassFixture<PostgresFixture>
{
    private static readonly Dictionary<string, string?> Configured = new() { ["Keys:WrappingKey"] = Convert.ToBase64String(new byte[32]) };

    [Fact]
    public void Only_the_same_wrapping_key_and_the_same_kid_open_what_was_wrapped()
    {
        var one = Key(1);
        var secret = RandomNumberGenerator.GetBytes(IssuedTokens.SecretSize);
        var wrapped = one.Wrap("kid", secret);

        Key(1).Unwrap("kid", wrapped).ShouldBe(secret);
        Key(2).Unwrap("kid", wrapped).ShouldBeNull();
        one.Unwrap("kie", wrapped).ShouldBeNull();
        one.Unwrap("", wrapped).ShouldBeNull();
        one.Wrap("kid", secret).ShouldNotBe(wrapped, "The nonce is new each time.");
        one.Unwrap("kid", []).ShouldBeNull();
        one.Unwrap("kid", wrapped[..^1]).ShouldBeNull();
        for (var bit = 0; bit < wrapped.Length * 8; bit++)
        {
            byte[] changed = [.. wrapped];
            changed[bit / 8] ^= (byte)(1 << (bit % 8));
            one.Unwrap("kid", changed).ShouldBeNull($"bit {bit}");
        }
    }

    [Fact]
    public void Without_a_wrapping_key_that_of_the_operators_secret_is_used_and_without_either_none()
    {
        var derived = WrappingKey.From(new WrappingOptions(), new TokenOptions { SecretKey = TokenFactory.Secret })!;
        var secret = new byte[IssuedTokens.SecretSize];

        WrappingKey.From(new WrappingOptions(), new TokenOptions { SecretKey = TokenFactory.Secret })!
            .Unwrap("kid", derived.Wrap("kid", secret)).ShouldBe(secret);
        WrappingKey.From(new WrappingOptions(), new TokenOptions { SecretKey = TokenFactory.Secret + "!" })!
            .Unwrap("kid", derived.Wrap("kid", secret)).ShouldBeNull();
        WrappingKey.From(new WrappingOptions(), new TokenOptions()).ShouldBeNull();
    }

    [Fact]
    public async Task Stored_keys_that_were_exchanged_are_read_by_nobody_and_a_new_one_signs()
    {
        var database = await postgres.CreateKeysDatabaseAsync();
        string[] old;
        IssueTokenRequest key;
        await using (var host = await KeysHost.StartAsync(database, "sk-a", "sk-administrator", settings: Configured))
        {
            key = new IssueTokenRequest { KeyId = (await host.VerifyAsync("sk-a")).Key.KeyId };
            var first = (await host.Client.IssueTokenAsync(key)).Token.Token;
            await host.Admin.RotateSigningKeyAsync(new RotateSigningKeyRequest { Actor = new Actor { AccountId = "admin" } });
            old = [first, (await host.Client.IssueTokenAsync(key)).Token.Token];
        }

        await using (var db = Database.Open(database))
        {
            (await db.Database.ExecuteSqlAsync(
                $"UPDATE keys.signing_keys k SET wrapped = o.wrapped FROM keys.signing_keys o WHERE o.kid <> k.kid")).ShouldBe(2);
        }

        await using var second = await KeysHost.StartAsync(database, "sk-a", "sk-administrator", settings: Configured);
        foreach (var token in old)
        {
            (await second.VerifyAsync(token)).Refusal.Reason.ShouldBe(RefusalReason.InvalidToken);
        }

        (await second.VerifyAsync((await second.Client.IssueTokenAsync(key)).Token.Token)).Key.ShouldNotBeNull();
    }

    private static WrappingKey Key(byte first) =>
        WrappingKey.From(new WrappingOptions { WrappingKey = Convert.ToBase64String([first, .. new byte[31]]) }, new TokenOptions())!;
}
