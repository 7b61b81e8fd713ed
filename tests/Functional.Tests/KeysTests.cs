using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using LlmGateway.SystemUnderTest;

namespace LlmGateway.Functional.Tests;

[Collection(KeysSystem.Name)]
public sealed class KeysTests(KeysSystem system)
{
    [Theory]
    [InlineData("keys")]
    [InlineData("postgres")]
    public async Task While_keys_cannot_be_asked_known_keys_work_and_others_are_503(string what)
    {
        var known = await system.IssueAsync(new { name = "known" });
        var unused = await system.IssueAsync(new { name = "never used" });
        await KeysSystem.TryAsync(system.First, known.Secret);

        await system.System.KillAsync(what);
        try
        {
            for (var i = 0; i < 20; i++)
            {
                (await KeysSystem.TryAsync(system.First, known.Secret)).Status.ShouldBe(HttpStatusCode.OK);
                (await KeysSystem.TryAsync(system.First, unused.Secret)).ShouldBe((HttpStatusCode.ServiceUnavailable, "keys_unavailable"));
                (await KeysSystem.TryAsync(system.First, $"sk-wrong-{i}")).ShouldBe((HttpStatusCode.ServiceUnavailable, "keys_unavailable"));
            }
        }
        finally
        {
            await system.StartAgainAsync(what);
        }

        await KeysSystem.UntilAsync(system.First, unused.Secret, HttpStatusCode.OK, KeysSystem.Limit);
        (await KeysSystem.TryAsync(system.First, known.Secret)).Status.ShouldBe(HttpStatusCode.OK);
        (await KeysSystem.TryAsync(system.First, "sk-wrong")).ShouldBe((HttpStatusCode.Forbidden, "invalid_api_key"));
    }

    [Fact]
    public async Task An_expired_key_is_refused()
    {
        var end = TimeProvider.System.GetUtcNow().AddSeconds(3);
        var key = await system.IssueAsync(new { name = "short", expires_at = end });
        var first = (await KeysSystem.TryAsync(system.First, key.Secret)).Status;
        if (TimeProvider.System.GetUtcNow() < end)
        {
            first.ShouldBe(HttpStatusCode.OK);
        }

        await KeysSystem.UntilAsync(system.First, key.Secret, HttpStatusCode.Forbidden, KeysSystem.Limit);
        TimeProvider.System.GetUtcNow().ShouldBeGreaterThanOrEqualTo(end);
    }

    [Fact]
    public async Task An_operator_reads_and_changes_nothing_and_an_account_does_neither()
    {
        var reader = await system.IssueAsync(new { name = "reader", role = "operator" });
        var account = await system.IssueAsync(new { name = "plain" });

        (await AdminAsync(reader, HttpMethod.Get)).ShouldBe((HttpStatusCode.OK, null));
        (await AdminAsync(reader, HttpMethod.Post)).ShouldBe((HttpStatusCode.Forbidden, "permission_denied"));
        (await AdminAsync(account, HttpMethod.Get)).ShouldBe((HttpStatusCode.Forbidden, "permission_denied"));
        (await AdminAsync(account, HttpMethod.Post)).ShouldBe((HttpStatusCode.Forbidden, "permission_denied"));

        async Task<(HttpStatusCode, string?)> AdminAsync(IssuedKey key, HttpMethod method)
        {
            using var response = await KeysSystem.SendAsync(
                system.First, key.Secret, method, "/admin/keys", method == HttpMethod.Post ? new { name = "more" } : null);
            return (response.StatusCode, await KeysSystem.CodeOfAsync(response));
        }
    }

    [Fact]
    public async Task An_internal_key_opens_with_its_own_header_only_and_counts_alone()
    {
        (await InternalAsync(KeysSystem.InternalKey, bearer: null)).ShouldBe((HttpStatusCode.OK, null));
        (await InternalAsync(KeysSystem.InternalKey, bearer: "sk-wrong")).ShouldBe((HttpStatusCode.OK, null));
        (await InternalAsync(GatewaySystem.Key, bearer: GatewaySystem.Key)).ShouldBe((HttpStatusCode.Forbidden, "invalid_api_key"));
        (await InternalAsync("", bearer: GatewaySystem.Key)).ShouldBe((HttpStatusCode.Unauthorized, "missing_api_key"));
        (await KeysSystem.TryAsync(system.First, KeysSystem.InternalKey)).ShouldBe((HttpStatusCode.Forbidden, "invalid_api_key"));
    }

    [Fact]
    public async Task A_key_sees_and_calls_only_the_models_that_it_is_allowed()
    {
        var key = await system.IssueAsync(new { name = "restricted", allowed_models = new[] { "fake-c*" } });

        using var list = await KeysSystem.SendAsync(system.First, key.Secret, HttpMethod.Get, "/v1/models");
        var models = (await list.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("data").EnumerateArray().Select(m => m.GetProperty("id").GetString());
        models.ShouldBe([GatewaySystem.Model, "fake-cut"], ignoreOrder: true);
        (await StatusAsync(key, HttpMethod.Get, "/v1/models/fake-chat")).ShouldBe((HttpStatusCode.OK, null));
        (await StatusAsync(key, HttpMethod.Get, "/v1/models/fake-dear")).ShouldBe((HttpStatusCode.NotFound, "model_not_found"));

        (await ChatAsync(key, GatewaySystem.Model)).ShouldBe((HttpStatusCode.OK, null));
        (await ChatAsync(key, "fake-dear")).ShouldBe((HttpStatusCode.Forbidden, "model_not_allowed"));
        (await ChatAsync(key, null)).ShouldBe((HttpStatusCode.Forbidden, "model_not_allowed"));
    }

    [Fact]
    public async Task A_key_may_leave_the_model_out_if_it_is_allowed_the_default()
    {
        // The catalogue of these tests has no gpt-3.5-turbo: the right is there, the model is not.
        var key = await system.IssueAsync(new { name = "default only", allowed_models = new[] { "gpt-3.5-turbo" } });

        (await ChatAsync(key, null)).ShouldBe((HttpStatusCode.NotFound, "model_not_found"));
    }

    [Fact]
    public async Task When_a_key_was_last_used_is_known_to_Keys_soon_after()
    {
        var key = await system.IssueAsync(new { name = "used" });
        await KeysSystem.TryAsync(system.Second, key.Secret);

        using var limit = new CancellationTokenSource(KeysSystem.Limit);
        while ((await system.AdminAsync(HttpMethod.Get, $"/admin/keys/{key.Id}")).GetProperty("last_used_at").ValueKind == JsonValueKind.Null)
        {
            await Task.Delay(100, limit.Token);
        }
    }

    private Task<(HttpStatusCode Status, string? Code)> ChatAsync(IssuedKey key, string? model) => StatusAsync(
        key, HttpMethod.Post, "/v1/chat/completions", new { model, messages = new[] { new { role = "user", content = "Hello." } } });

    private async Task<(HttpStatusCode Status, string? Code)> StatusAsync(IssuedKey key, HttpMethod method, string path, object? body = null)
    {
        using var response = await KeysSystem.SendAsync(system.First, key.Secret, method, path, body);
        return (response.StatusCode, await KeysSystem.CodeOfAsync(response));
    }

    private async Task<(HttpStatusCode Status, string? Code)> InternalAsync(string secret, string? bearer)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, "/v1/models");
        request.Headers.TryAddWithoutValidation("x-internal-auth", secret);
        if (bearer is not null)
        {
            request.Headers.Authorization = new("Bearer", bearer);
        }

        using var response = await system.First.SendAsync(request);
        return (response.StatusCode, await KeysSystem.CodeOfAsync(response));
    }
}
