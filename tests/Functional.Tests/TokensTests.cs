using System.Buffers.Text;
using System.Net;
using System.Net.Http.Json;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using LlmGateway.SystemUnderTest;

namespace LlmGateway.Functional.Tests;

[Collection(KeysSystem.Name)]
public sealed class TokensTests(KeysSystem system)
{
    [Fact]
    public async Task A_key_is_exchanged_for_a_token_that_calls_and_stops_on_all_gateways_with_the_key()
    {
        var key = await system.IssueAsync(new { name = "exchanged", account_id = "exchange", allowed_models = new[] { "fake-c*" } });

        var token = await ExchangeAsync(key.Secret);

        token.Split('.').Length.ShouldBe(3);
        (await CallAsync(token, GatewaySystem.Model)).ShouldBe((HttpStatusCode.OK, null));
        (await CallAsync(token, "fake-dear")).ShouldBe((HttpStatusCode.Forbidden, "model_not_allowed"));
        (await KeysSystem.TryAsync(system.Second, token)).Status.ShouldBe(HttpStatusCode.OK);
        using var again = await KeysSystem.SendAsync(system.First, token, HttpMethod.Post, "/auth/token");
        (again.StatusCode, await KeysSystem.CodeOfAsync(again)).ShouldBe((HttpStatusCode.Forbidden, "token_not_exchangeable"));

        await system.RevokeAsync(key);
        var times = await Task.WhenAll(
            KeysSystem.UntilAsync(system.First, token, HttpStatusCode.Unauthorized, KeysSystem.Limit),
            KeysSystem.UntilAsync(system.Second, token, HttpStatusCode.Unauthorized, KeysSystem.Limit));
        times.ShouldAllBe(time => time < KeysSystem.ByTheStream);
    }

    [Fact]
    public async Task A_token_of_a_revoked_account_stops_and_goes_on_when_that_is_taken_back()
    {
        var key = await system.IssueAsync(new { name = "of an account", account_id = "comes-and-goes" });
        var token = await ExchangeAsync(key.Secret);
        (await KeysSystem.TryAsync(system.Second, token)).Status.ShouldBe(HttpStatusCode.OK);

        await system.AdminAsync(HttpMethod.Post, "/admin/accounts/comes-and-goes/revoke");
        (await KeysSystem.UntilAsync(system.Second, token, HttpStatusCode.Unauthorized, KeysSystem.Limit)).ShouldBeLessThan(KeysSystem.ByTheStream);
        (await KeysSystem.UntilAsync(system.Second, key.Secret, HttpStatusCode.Forbidden, KeysSystem.Limit)).ShouldBeLessThan(KeysSystem.ByTheStream);

        await system.AdminAsync(HttpMethod.Post, "/admin/accounts/comes-and-goes/reinstate");
        await KeysSystem.UntilAsync(system.Second, token, HttpStatusCode.OK, KeysSystem.Limit);
    }

    [Fact]
    public async Task A_token_signed_with_the_configured_secret_opens_its_subjects_account_with_the_default_grant()
    {
        var account = $"user-{Guid.NewGuid():N}";
        var token = Sign(new { sub = account, exp = TimeProvider.System.GetUtcNow().AddMinutes(5).ToUnixTimeSeconds() });

        using var response = await KeysSystem.SendAsync(system.First, token, HttpMethod.Get, "/billing/balance");
        var balance = await response.Content.ReadFromJsonAsync<JsonElement>();

        balance.GetProperty("user_id").GetString().ShouldBe(account);
        balance.GetProperty("available").GetDecimal().ShouldBe(100);
        (await system.AdminAsync(HttpMethod.Get, $"/admin/accounts/{account}")).GetProperty("id").GetString().ShouldBe(account);
    }

    [Theory]
    [InlineData("admin")]
    [InlineData("internal")]
    [InlineData("..")]
    [InlineData("no spaces")]
    public async Task A_token_for_a_subject_that_no_outsider_may_be_is_not_valid(string subject)
    {
        var token = Sign(new { sub = subject, exp = TimeProvider.System.GetUtcNow().AddMinutes(5).ToUnixTimeSeconds() });

        (await KeysSystem.TryAsync(system.First, token)).ShouldBe((HttpStatusCode.Unauthorized, "invalid_token"));
    }

    [Fact]
    public async Task An_expired_token_and_one_that_never_expires_are_not_valid()
    {
        var expired = Sign(new { sub = "late", exp = TimeProvider.System.GetUtcNow().AddMinutes(-5).ToUnixTimeSeconds() });

        (await KeysSystem.TryAsync(system.First, expired)).ShouldBe((HttpStatusCode.Unauthorized, "invalid_token"));
        (await KeysSystem.TryAsync(system.First, Sign(new { sub = "endless" }))).ShouldBe((HttpStatusCode.Unauthorized, "invalid_token"));
    }

    [Fact]
    public async Task Tokens_outlive_the_rotation_of_signing_keys()
    {
        var key = await system.IssueAsync(new { name = "through a rotation" });
        var before = await ExchangeAsync(key.Secret);

        await system.AdminAsync(HttpMethod.Post, "/admin/signing-keys/rotate");
        var after = await ExchangeAsync(key.Secret);

        KidOf(after).ShouldNotBe(KidOf(before));
        (await KeysSystem.TryAsync(system.Second, before)).Status.ShouldBe(HttpStatusCode.OK);
        (await KeysSystem.TryAsync(system.Second, after)).Status.ShouldBe(HttpStatusCode.OK);
    }

    private async Task<string> ExchangeAsync(string secret)
    {
        using var response = await KeysSystem.SendAsync(system.First, secret, HttpMethod.Post, "/auth/token");
        response.StatusCode.ShouldBe(HttpStatusCode.OK);
        response.Headers.CacheControl!.NoStore.ShouldBeTrue();
        var body = await response.Content.ReadFromJsonAsync<JsonElement>();
        body.GetProperty("token_type").GetString().ShouldBe("Bearer");
        body.GetProperty("expires_in").GetInt32().ShouldBeInRange(1795, 1800);
        return body.GetProperty("access_token").GetString()!;
    }

    private async Task<(HttpStatusCode Status, string? Code)> CallAsync(string token, string model)
    {
        using var response = await KeysSystem.SendAsync(
            system.First, token, HttpMethod.Post, "/v1/chat/completions", new { model, messages = new[] { new { role = "user", content = "Hello." } } });
        return (response.StatusCode, await KeysSystem.CodeOfAsync(response));
    }

    private static string? KidOf(string token) =>
        JsonDocument.Parse(Base64Url.DecodeFromChars(token.Split('.')[0])).RootElement.GetProperty("kid").GetString();

    private static string Sign(object payload)
    {
        var text = $"{Part(new { alg = "HS256", typ = "JWT" })}.{Part(payload)}";
        var signature = HMACSHA256.HashData(Encoding.UTF8.GetBytes(KeysSystem.JwtSecret), Encoding.ASCII.GetBytes(text));
        return $"{text}.{Base64Url.EncodeToString(signature)}";

        static string Part(object part) => Base64Url.EncodeToString(JsonSerializer.SerializeToUtf8Bytes(part));
    }
}
