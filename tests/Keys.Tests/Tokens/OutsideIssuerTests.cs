using System.Buffers.Text;
using System.Diagnostics;
using System.Security.Cryptography;
using System.Text;
using LlmGateway.Protos.Keys.V1;
using LlmGateway.Testing;
using Microsoft.AspNetCore.Http;

namespace LlmGateway.Keys.Tests.Tokens;

public sealed class OutsideIssuerTests(PostgresFixture postgres) : IClassFixture<PostgresFixture>
{
    private static readonly TimeSpan Second = TimeSpan.FromSeconds(1);

    private readonly FakeTime _time = new(TimeProvider.System.GetUtcNow());

    [Theory]
    [InlineData("RS256")]
    [InlineData("ES256")]
    public async Task A_token_of_the_issuer_opens_its_subjects_account(string algorithm)
    {
        using var key = OutsideKey.Of(algorithm, "one");
        await using var issuer = await OutsideIssuer.StartAsync(key);
        await using var host = await StartAsync(issuer, algorithm);

        var answers = await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => host.VerifyAsync(key.Token(Now))));
        var amongOthers = await host.VerifyAsync(key.Sign(OutsideKey.Claims(Now, audience: $"[\"another\",\"{OutsideIssuer.Audience}\"]")));

        answers.ShouldAllBe(answer => answer.Key != null && answer.Key.AccountId == "acme" && answer.Key.Role == Role.Account);
        amongOthers.Key.KeyId.ShouldBe(answers[0].Key.KeyId);
        (await host.VerifyAsync(key.Sign($$"""{"alg":"{{algorithm}}"}""", OutsideKey.Claims(Now)))).Key.ShouldNotBeNull("The issuer's only key needs no name.");
    }

    [Theory]
    [InlineData("RS256")]
    [InlineData("ES256")]
    public async Task A_token_that_the_issuer_did_not_sign_for_us_is_refused(string algorithm)
    {
        using var key = OutsideKey.Of(algorithm, "one");
        using var other = OutsideKey.Of(algorithm, "two");
        using var impostor = OutsideKey.Of(algorithm, "one");
        using var otherKind = OutsideKey.Of(algorithm == "RS256" ? "ES256" : "RS256", "three");
        await using var issuer = await OutsideIssuer.StartAsync(key, otherKind);
        await using var host = await StartAsync(issuer, algorithm);
        (await host.VerifyAsync(key.Token(Now))).Key.ShouldNotBeNull();

        var claims = OutsideKey.Claims(Now);
        var none = $"{TokenFactory.Encode("""{"alg":"none","kid":"one"}""")}.{TokenFactory.Encode(claims)}";
        string[] bad =
        [
            key.Sign(OutsideKey.Claims(Now, issuer: "https://another.example")), key.Sign(OutsideKey.Claims(Now, issuer: OutsideIssuer.Name + "/")),
            key.Sign(OutsideKey.Claims(Now, issuer: "llmgateway")), key.Sign(OutsideKey.Claims(Now, audience: "\"another\"")),
            key.Sign(OutsideKey.Claims(Now, audience: "[]")), key.Sign(OutsideKey.Claims(Now, subject: "admin")),
            key.Sign($$"""{"sub":"acme","exp":{{Now.AddMinutes(5).ToUnixTimeSeconds()}}}"""),
            key.Sign($$"""{"iss":"{{OutsideIssuer.Name}}","aud":"{{OutsideIssuer.Audience}}","sub":"acme"}"""),
            other.Token(Now), impostor.Token(Now), otherKind.Token(Now), key.Sign($$"""{"alg":"{{algorithm}}","kid":"three"}""", claims),
            other.Sign($$"""{"alg":"{{algorithm}}","kid":"two","jwk":{{other.Published}}}""", claims),
            key.Sign($$"""{"alg":"{{algorithm[..2]}}512","kid":"one"}""", claims, HashAlgorithmName.SHA512),
            key.Sign("""{"alg":"none","kid":"one"}""", claims), $"{none}.AA", $"{none}.",
            .. from secret in key.PublicBytes
               from alg in new[] { "HS256", algorithm }
               select Hmac($$"""{"alg":"{{alg}}","kid":"one"}""", claims, secret),
        ];

        foreach (var token in bad)
        {
            (await host.VerifyAsync(token)).Refusal?.Reason.ShouldBe(token.EndsWith('.') ? RefusalReason.UnknownKey : RefusalReason.InvalidToken, token);
            (await host.VerifyAsync(token)).Key.ShouldBeNull(token);
        }
    }

    [Fact]
    public async Task A_new_key_of_the_issuer_is_fetched_when_a_token_names_it_and_one_that_is_gone_opens_nothing()
    {
        using var old = OutsideKey.P256("old");
        using var fresh = OutsideKey.P256("fresh");
        await using var issuer = await OutsideIssuer.StartAsync(old);
        await using var host = await StartAsync(issuer, "ES256");
        (await host.VerifyAsync(old.Token(Now))).Key.ShouldNotBeNull();
        issuer.Publish(fresh);

        _time.Advance(29 * Second);
        (await host.VerifyAsync(fresh.Token(Now))).Refusal.Reason.ShouldBe(RefusalReason.InvalidToken, "Unknown names cannot make us ask without end.");
        _time.Advance(1 * Second);

        (await host.VerifyAsync(fresh.Token(Now))).Key.ShouldNotBeNull();
        (await host.VerifyAsync(old.Token(Now))).Refusal.Reason.ShouldBe(RefusalReason.InvalidToken);
    }

    [Fact]
    public async Task While_the_issuer_was_never_reached_its_tokens_cannot_be_judged()
    {
        using var key = OutsideKey.P256("one");
        await using var issuer = await OutsideIssuer.StartAsync(key);
        await issuer.StopAsync();
        await using var host = await StartAsync(issuer, "ES256");
        (await host.VerifyAsync(key.Token(Now))).Refusal.Reason.ShouldBe(RefusalReason.Unavailable);
        (await host.VerifyAsync("sk-a")).Key.ShouldNotBeNull();

        await issuer.StartAsync();
        _time.Advance(2 * Second);

        (await host.VerifyAsync(key.Token(Now))).Key.ShouldNotBeNull();
    }

    [Fact]
    public async Task An_issuer_that_goes_down_has_not_taken_its_keys_back()
    {
        using var key = OutsideKey.P256("one");
        using var unknown = OutsideKey.P256("two");
        await using var issuer = await OutsideIssuer.StartAsync(key);
        await using var host = await StartAsync(issuer, "ES256");
        (await host.VerifyAsync(key.Token(Now))).Key.ShouldNotBeNull();

        await issuer.StopAsync();
        _time.Advance(TimeSpan.FromMinutes(61));

        // The unknown one waits for the attempt, so that the others come after it.
        (await host.VerifyAsync(unknown.Token(Now))).Refusal.Reason.ShouldBe(RefusalReason.InvalidToken);
        host.Log.ShouldContain(line => line.Contains("could not be fetched", StringComparison.Ordinal));
        (await host.VerifyAsync(key.Token(Now))).Key.ShouldNotBeNull();
    }

    [Fact]
    public async Task An_answer_that_is_no_key_set_takes_nothing_down_and_the_next_good_one_is_taken()
    {
        using var key = OutsideKey.Rsa("one");
        using var weak = OutsideKey.Rsa("weak", bits: 1024);
        await using var issuer = await OutsideIssuer.StartAsync();
        await using var host = await StartAsync(issuer, "RS256");
        var set = OutsideIssuer.KeySet(key);
        Func<HttpContext, Task>[] broken =
        [
            context => context.Response.WriteAsync(set + new string(' ', 300 * 1024)),
            context => context.Response.WriteAsync("<html>"), context => context.Response.WriteAsync("[]"), context => Task.CompletedTask,
            context => context.Response.WriteAsync("""{"keys":{}}"""), context => context.Response.WriteAsync(new string('[', 100_000)),
            context => context.Response.WriteAsync(OutsideIssuer.KeySet(weak)),
            context =>
            {
                context.Response.StatusCode = 500;
                return context.Response.WriteAsync(set);
            },
            context =>
            {
                context.Abort();
                return Task.CompletedTask;
            },
            context =>
            {
                context.Response.Redirect("/elsewhere");
                return context.Request.Path == "/elsewhere" ? context.Response.WriteAsync(set) : Task.CompletedTask;
            },
        ];

        foreach (var (index, answer) in broken.Index())
        {
            issuer.Answer(answer);
            (await host.VerifyAsync(key.Token(Now))).Refusal.Reason.ShouldBe(RefusalReason.Unavailable, $"{index}");
            _time.Advance(2 * Second);
        }

        issuer.Publish(weak, key);
        (await host.VerifyAsync(key.Token(Now))).Key.ShouldNotBeNull();
        (await host.VerifyAsync(weak.Token(Now))).Refusal.Reason.ShouldBe(RefusalReason.InvalidToken);
    }

    [Fact]
    public async Task A_slow_issuer_costs_nobody_more_than_a_moment()
    {
        using var key = OutsideKey.P256("one");
        var release = new TaskCompletionSource();
        await using var issuer = await OutsideIssuer.StartAsync();
        issuer.Answer(async context =>
        {
            await release.Task;
            await context.Response.WriteAsync(OutsideIssuer.KeySet(key));
        });
        await using var host = await KeysHost.StartAsync(
            await postgres.CreateKeysDatabaseAsync(), "sk-a", "sk-administrator", settings: issuer.Settings("ES256"));
        var token = key.Token(TimeProvider.System.GetUtcNow());

        var watch = Stopwatch.StartNew();
        var refusal = (await host.VerifyAsync(token)).Refusal;
        watch.Stop();
        release.SetResult();

        refusal.Reason.ShouldBe(RefusalReason.Unavailable);
        watch.Elapsed.ShouldBeLessThan(4 * Second, "The fetching itself has five.");
        var deadline = TimeProvider.System.GetUtcNow() + (20 * Second);
        while ((await host.VerifyAsync(token)).Key is null)
        {
            TimeProvider.System.GetUtcNow().ShouldBeLessThan(deadline);
        }
    }

    private DateTimeOffset Now => _time.GetUtcNow();

    private static string Hmac(string header, string claims, byte[] secret)
    {
        var text = $"{TokenFactory.Encode(header)}.{TokenFactory.Encode(claims)}";
        return $"{text}.{Base64Url.EncodeToString(HMACSHA256.HashData(secret, Encoding.ASCII.GetBytes(text)))}";
    }

    private async Task<KeysHost> StartAsync(OutsideIssuer issuer, string algorithm) =>
        await KeysHost.StartAsync(await postgres.CreateKeysDatabaseAsync(), "sk-a", "sk-administrator", _time, issuer.Settings(algorithm));
}
