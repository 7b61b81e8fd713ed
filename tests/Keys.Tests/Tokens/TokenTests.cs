using FsCheck;
using FsCheck.Fluent;
using Grpc.Core;
using LlmGateway.Protos.Keys.V1;
using LlmGateway.Testing;
using Microsoft.EntityFrameworkCore;

namespace LlmGateway.Keys.Tests.Tokens;

public sealed class TokenTests(PostgresFixture postgres) : IClassFixture<PostgresFixture>
{
    private const string Header = """{"alg":"HS256","typ":"JWT"}""";
    private static readonly Dictionary<string, string?> Operators = new() { ["Auth:Jwt:SecretKey"] = TokenFactory.Secret };
    private static readonly Actor Admin = new() { AccountId = "admin" };

    [Fact]
    public async Task A_token_stands_for_its_key_until_it_expires_and_stops_with_the_key()
    {
        var database = await postgres.CreateKeysDatabaseAsync();
        var time = new FakeTime(TimeProvider.System.GetUtcNow());
        await using var host = await KeysHost.StartAsync(database, "sk-test-0123456789", "sk-administrator", time, Operators);
        var key = (await host.VerifyAsync("sk-test-0123456789")).Key;

        var token = (await host.Client.IssueTokenAsync(new IssueTokenRequest { KeyId = key.KeyId })).Token;
        var verified = (await host.VerifyAsync(token.Token)).Key;

        token.ExpiresIn.ToTimeSpan().ShouldBe(TimeSpan.FromMinutes(30));
        (verified.KeyId, verified.AccountId, verified.MaskedKey, verified.Role).ShouldBe((key.KeyId, "default", "sk-test-...", Role.Account));
        verified.ExpiresIn.ToTimeSpan().ShouldBeInRange(TimeSpan.FromMinutes(29.9), TimeSpan.FromMinutes(30));

        time.Advance(TimeSpan.FromMinutes(30));
        (await host.VerifyAsync(token.Token)).Refusal.Reason.ShouldBe(RefusalReason.InvalidToken);

        var next = (await host.Client.IssueTokenAsync(new IssueTokenRequest { KeyId = key.KeyId })).Token;
        (await host.VerifyAsync(next.Token)).Key.ShouldNotBeNull();
        await using (var db = Database.Open(database))
        {
            await db.ApiKeys.Where(k => k.Id == Guid.Parse(key.KeyId)).ExecuteUpdateAsync(s => s.SetProperty(k => k.RevokedAt, time.GetUtcNow()));
        }

        (await host.VerifyAsync(next.Token)).Refusal.Reason.ShouldBe(RefusalReason.Revoked);
        (await host.Client.IssueTokenAsync(new IssueTokenRequest { KeyId = key.KeyId })).Refusal.Reason.ShouldBe(RefusalReason.Revoked);
        host.Log.ShouldAllBe(line => !line.Contains(token.Token, StringComparison.Ordinal) && !line.Contains(next.Token, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Every_replica_accepts_what_another_signed_and_a_rotation_ends_no_token()
    {
        var database = await postgres.CreateKeysDatabaseAsync();
        var time = new FakeTime(TimeProvider.System.GetUtcNow());
        await using var one = await KeysHost.StartAsync(database, "sk-a", "sk-administrator", time, Operators);
        await using var other = await KeysHost.StartAsync(database, "sk-a", "sk-administrator", time, Operators);
        var key = new IssueTokenRequest { KeyId = (await one.VerifyAsync("sk-a")).Key.KeyId };
        var old = (await one.Client.IssueTokenAsync(key)).Token.Token;

        var kid = (await other.Admin.RotateSigningKeyAsync(new RotateSigningKeyRequest { Actor = Admin })).Kid;
        time.Advance(TimeSpan.FromSeconds(2));
        var fresh = (await one.Client.IssueTokenAsync(key)).Token.Token;
        var others = (await other.Client.IssueTokenAsync(key)).Token.Token;

        foreach (var (host, token) in new[] { (one, old), (other, old), (one, fresh), (other, fresh), (one, others) })
        {
            (await host.VerifyAsync(token)).Key.ShouldNotBeNull();
        }

        System.Text.Encoding.UTF8.GetString(System.Buffers.Text.Base64Url.DecodeFromChars(fresh.Split('.')[0])).ShouldContain($"\"kid\":\"{kid}\"");
        await using var db = Database.Open(database);
        (await db.AuditEntries.Where(entry => entry.SubjectKind == "signing_key").Select(entry => entry.Action).ToListAsync())
            .ShouldBe(["signing_key.created", "signing_key.rotated"], ignoreOrder: true);
    }

    [Fact]
    public async Task Another_wrapping_key_costs_the_old_tokens_and_nothing_else()
    {
        var database = await postgres.CreateKeysDatabaseAsync();
        string old;
        string id;
        await using (var host = await KeysHost.StartAsync(database, "sk-a", "sk-administrator", settings: Operators))
        {
            id = (await host.VerifyAsync("sk-a")).Key.KeyId;
            old = (await host.Client.IssueTokenAsync(new IssueTokenRequest { KeyId = id })).Token.Token;
        }

        var other = new Dictionary<string, string?> { ["Keys:WrappingKey"] = Convert.ToBase64String(new byte[32]) };
        await using var second = await KeysHost.StartAsync(database, "sk-a", "sk-administrator", settings: other);

        (await second.VerifyAsync(old)).Refusal.Reason.ShouldBe(RefusalReason.InvalidToken);
        var token = (await second.Client.IssueTokenAsync(new IssueTokenRequest { KeyId = id })).Token.Token;
        (await second.VerifyAsync(token)).Key.ShouldNotBeNull();
        second.Log.ShouldContain(line => line.Contains("another wrapping key", StringComparison.Ordinal));
    }

    [Fact]
    public async Task An_outside_token_opens_its_subjects_account_once_however_many_come_at_once()
    {
        var database = await postgres.CreateKeysDatabaseAsync();
        await using var host = await KeysHost.StartAsync(database, "sk-a", "sk-administrator", settings: Operators);
        var now = TimeProvider.System.GetUtcNow();

        var keys = await Task.WhenAll(Enumerable.Range(0, 20).Select(n =>
            host.VerifyAsync(TokenFactory.Sign(Header, TokenFactory.Payload(now, more: $",\"n\":{n}")))));

        keys.Select(k => k.Key.KeyId).Distinct().ShouldHaveSingleItem();
        (keys[0].Key.AccountId, keys[0].Key.Name, keys[0].Key.Role).ShouldBe(("acme", "tokens", Role.Account));
        await using var db = Database.Open(database);
        (await db.AuditEntries.CountAsync(entry => entry.ActorAccountId == "issuer")).ShouldBe(2);
    }

    [Fact]
    public async Task A_token_that_is_wrong_in_any_known_way_is_refused()
    {
        await using var host = await KeysHost.StartAsync(await postgres.CreateKeysDatabaseAsync(), "sk-a", "sk-administrator", settings: Operators);
        var now = TimeProvider.System.GetUtcNow();
        var payload = TokenFactory.Payload(now);
        var good = TokenFactory.Sign(Header, payload);
        (await host.VerifyAsync(good)).Key.ShouldNotBeNull();

        string Headed(string header) => TokenFactory.Sign(header, payload);
        string Claiming(string claims) => TokenFactory.Sign(Header, claims);
        string[] bad =
        [
            Headed("""{"alg":"none"}"""), $"{TokenFactory.Encode("""{"alg":"none"}""")}.{good.Split('.')[1]}.AA",
            Headed("""{"alg":"hs256"}"""), Headed("""{"alg":"HS384"}"""), Headed("""{"alg":"RS256"}"""), Headed("""{"typ":"JWT"}"""),
            Headed("""{"alg":"HS256","alg":"HS256"}"""), Headed("""{"alg":"HS256","\u0061lg":"none"}"""), Headed("""{"alg":"HS256","crit":[]}"""),
            Headed("""{"alg":"HS256","zip":"DEF"}"""), Headed("""{"alg":"HS256","enc":"A128GCM"}"""), Headed("""{"alg":"HS256","typ":"logout+jwt"}"""),
            Headed("""{"alg":["HS256"]}"""), Headed("""{"alg":"HS256"}{}"""),
            Claiming("""{"sub":"acme"}"""), Claiming($$"""{"exp":{{now.AddMinutes(5).ToUnixTimeSeconds()}}}"""),
            Claiming($$"""{"sub":"acme","exp":{{now.AddSeconds(-31).ToUnixTimeSeconds()}}}"""),
            Claiming($$"""{"sub":"acme","exp":"{{now.AddMinutes(5).ToUnixTimeSeconds()}}"}"""),
            Claiming($$"""{"sub":"acme","exp":{{now.AddDays(367).ToUnixTimeSeconds()}}}"""), Claiming("""{"sub":"acme","exp":1e300}"""),
            Claiming(TokenFactory.Payload(now, more: $",\"nbf\":{now.AddMinutes(1).ToUnixTimeSeconds()}")),
            Claiming(TokenFactory.Payload(now, more: $",\"iat\":{now.AddMinutes(1).ToUnixTimeSeconds()}")),
            Claiming(TokenFactory.Payload(now, more: ",\"sub\":\"admin\"")), Claiming(TokenFactory.Payload(now, more: ",\"\\u0073ub\":\"admin\"")),
            Claiming(TokenFactory.Payload(now, "admin")), Claiming(TokenFactory.Payload(now, "internal")), Claiming(TokenFactory.Payload(now, "")),
            Claiming(TokenFactory.Payload(now, "\u0430cme")), Claiming(TokenFactory.Payload(now, "a b")), Claiming(TokenFactory.Payload(now, "acme\\n")),
            Claiming(TokenFactory.Payload(now, more: ",\"iss\":\"llmgateway\"")), Claiming($"[{payload}]"),
            TokenFactory.Sign(Header, payload, "another-secret-of-thirty-two-bytes!!"),
            good + "=", good + ".", "." + good, good + ".AA", good.Replace('.', '\u3002'), good[..^1], $"{good}\n", $" {good}", $"{good}.{good}",
            string.Join('.', good.Split('.').Reverse()), $"{good.Split('.')[1]}.{good.Split('.')[0]}.{good.Split('.')[2]}", LastBits(good),
        ];

        foreach (var token in bad)
        {
            (await host.VerifyAsync(token)).Key.ShouldBeNull(token);
        }
    }

    [Fact]
    public async Task No_token_with_a_bit_or_a_character_changed_is_accepted()
    {
        await using var host = await KeysHost.StartAsync(await postgres.CreateKeysDatabaseAsync(), "sk-a", "sk-administrator", settings: Operators);
        var key = (await host.VerifyAsync("sk-a")).Key.KeyId;
        string[] good =
        [
            TokenFactory.Sign(Header, TokenFactory.Payload(TimeProvider.System.GetUtcNow())),
            (await host.Client.IssueTokenAsync(new IssueTokenRequest { KeyId = key })).Token.Token,
        ];
        foreach (var token in good)
        {
            (await host.VerifyAsync(token)).Key.ShouldNotBeNull();
        }

        var mutated = from token in Gen.Elements(good)
                      from at in Gen.Choose(0, token.Length - 1)
                      from how in Gen.Choose(0, 3)
                      from character in Gen.Elements("ABCabcxyz0189-_.=+/ \u0410".ToCharArray())
                      select how switch
                      {
                          0 => token[..at] + (char)(token[at] ^ (1 << (at % 7))) + token[(at + 1)..],
                          1 => token[..at] + character + token[(at + 1)..],
                          2 => token[..at] + character + token[at..],
                          _ => token.Remove(at, 1),
                      };
        var batches = mutated.ArrayOf(200).ToArbitrary();
        Check.One(Config.QuickThrowOnFailure.WithMaxTest(50), Prop.ForAll(batches, batch => !batch.Except(good).Any() || host.Client
            .Verify(new VerifyRequest { Secrets = { batch.Except(good).Select(token => new PresentedSecret { Secret = token }) } })
            .Verifications.All(verification => verification.Key is null)));
    }

    [Fact]
    public async Task A_key_id_that_is_none_is_refused_by_name()
    {
        await using var host = await KeysHost.StartAsync(await postgres.CreateKeysDatabaseAsync(), "sk-a", "sk-administrator");

        var failure = await Should.ThrowAsync<RpcException>(async () => await host.Client.IssueTokenAsync(new IssueTokenRequest { KeyId = "x" }));

        failure.Status.Detail.ShouldBe("key_id: must be a UUID.");
        host.Log.ShouldContain(line => line.Contains("Set Keys__WrappingKey", StringComparison.Ordinal));
    }

    // The signature's 32 bytes leave two spare bits in its 43rd character; another spelling of them decodes to the same bytes.
    private static string LastBits(string token)
    {
        const string Digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
        return token[..^1] + Digits[Digits.IndexOf(token[^1], StringComparison.Ordinal) | 1];
    }
}
