using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using Google.Protobuf.WellKnownTypes;
using LlmGateway.Protos.Keys.V1;
using LlmGateway.Testing;

namespace LlmGateway.Keys.Tests.Tokens;

public sealed class TokenLimitsTests(PostgresFixture postgres) : IClassFixture<PostgresFixture>
{
    private const string Header = """{"alg":"HS256"}""";
    private static readonly Dictionary<string, string?> Operators = new() { ["Auth:Jwt:SecretKey"] = TokenFactory.Secret };

    [Fact]
    public async Task A_token_never_outlives_its_key()
    {
        var time = new FakeTime(TimeProvider.System.GetUtcNow());
        await using var host = await KeysHost.StartAsync(await postgres.CreateKeysDatabaseAsync(), "sk-a", "sk-administrator", time);
        var reply = await host.Admin.IssueKeyAsync(new IssueKeyRequest
        {
            AccountId = "acme",
            Name = "short",
            ExpiresAt = Timestamp.FromDateTimeOffset(time.GetUtcNow().AddMinutes(10)),
            Actor = new Actor { AccountId = "admin" },
        });
        var id = new IssueTokenRequest { KeyId = (await host.VerifyAsync(reply.Key.Secret)).Key.KeyId };

        var token = (await host.Client.IssueTokenAsync(id)).Token;

        token.ExpiresIn.ToTimeSpan().ShouldBeInRange(TimeSpan.FromSeconds(598), TimeSpan.FromMinutes(10));
        (await host.VerifyAsync(token.Token)).Key.ExpiresIn.ToTimeSpan().ShouldBeInRange(TimeSpan.FromSeconds(598), TimeSpan.FromMinutes(10));
        time.Advance(TimeSpan.FromMinutes(9.9));
        (await host.VerifyAsync(token.Token)).Key.ShouldNotBeNull();
        time.Advance(TimeSpan.FromMinutes(0.1));
        (await host.VerifyAsync(token.Token)).Key.ShouldBeNull();
        (await host.Client.IssueTokenAsync(id)).Refusal.Reason.ShouldBe(RefusalReason.Expired);
    }

    [Fact]
    public async Task A_good_signature_with_another_algorithm_of_the_same_secret_is_refused()
    {
        var secret = new string('s', 64);
        var settings = new Dictionary<string, string?> { ["Auth:Jwt:SecretKey"] = secret };
        await using var host = await KeysHost.StartAsync(await postgres.CreateKeysDatabaseAsync(), "sk-a", "sk-administrator", settings: settings);
        var payload = TokenFactory.Payload(TimeProvider.System.GetUtcNow());
        var text = $"{TokenFactory.Encode("""{"alg":"HS512"}""")}.{TokenFactory.Encode(payload)}";
        var signature = HMACSHA512.HashData(Encoding.UTF8.GetBytes(secret), Encoding.ASCII.GetBytes(text));

        (await host.VerifyAsync(TokenFactory.Sign(Header, payload, secret))).Key.ShouldNotBeNull();
        (await host.VerifyAsync($"{text}.{Base64Url.EncodeToString(signature)}")).Refusal?.Reason.ShouldBe(RefusalReason.InvalidToken);
        (await host.VerifyAsync($"{text}.{Base64Url.EncodeToString(signature)}")).Key.ShouldBeNull();
    }

    [Fact]
    public async Task An_extreme_token_is_refused_and_costs_the_others_of_its_batch_nothing()
    {
        await using var host = await KeysHost.StartAsync(await postgres.CreateKeysDatabaseAsync(), "sk-a", "sk-administrator", settings: Operators);
        string Expiring(string at) => TokenFactory.Sign(Header, $$"""{"sub":"acme","exp":{{at}}}""");
        var payload = TokenFactory.Payload(TimeProvider.System.GetUtcNow());
        var invalidUtf8 = Base64Url.EncodeToString([.. "{\"alg\":\"HS256\",\""u8, 0xff, .. "\":1}"u8]);
        string[] bad =
        [
            // The last seconds that a date can have: with the clock skew they would be none.
            Expiring("253402300799"), Expiring("253402300770"), Expiring("253402300799.999"), Expiring("253402300800"), Expiring("0"), Expiring("-1"),
            Expiring("1e999"), Expiring("null"), Expiring("9223372036854775808"),
            TokenFactory.Sign("""{"alg":"HS256","\ud800":1}""", payload), TokenFactory.Sign("""{"alg":"HS256","kid":"\ud800"}""", payload),
            TokenFactory.Sign(Header, payload[..^1] + ",\"iss\":\"\\ud800\"}"), TokenFactory.Sign(Header, payload[..^1] + ",\"\\udfff\":[1]}"),
            TokenFactory.Sign(Header, payload[..^1] + ",\"nbf\":253402300799}"), TokenFactory.Sign(Header, payload[..^1] + ",\"aud\":[null]}"),
            TokenFactory.Sign(Header, payload[..^1] + ",\"deep\":" + new string('[', 20) + new string(']', 20) + "}"),
            $"{invalidUtf8}.{TokenFactory.Encode(payload)}.AA", TokenFactory.Sign(Header, payload[..^1] + ",\"long\":\"" + new string('x', 8192) + "\"}"),
        ];

        var request = new VerifyRequest { Secrets = { new PresentedSecret { Secret = "sk-a" } } };
        request.Secrets.AddRange(bad.Select(token => new PresentedSecret { Secret = token }));
        var verifications = (await host.Client.VerifyAsync(request)).Verifications;

        verifications[0].Key.ShouldNotBeNull();
        for (var index = 0; index < bad.Length; index++)
        {
            verifications[index + 1].Refusal?.Reason.ShouldBe(RefusalReason.InvalidToken, bad[index]);
            verifications[index + 1].Key.ShouldBeNull(bad[index]);
        }
    }
}
