using System.Net;
using System.Text;
using System.Text.Json;
using LlmGateway.SystemUnderTest;

namespace LlmGateway.Functional.Tests;

/// <summary>Management over HTTP, through the gateway to Keys and its database.</summary>
[Collection(RunningSystem.Name)]
public sealed class AdminTests(RunningSystem system) : IDisposable
{
    private readonly HttpClient _http = ClientOf(system, GatewaySystem.AdminKey);
    private readonly string _name = $"admin-test-{Guid.NewGuid().ToString()[..8]}";

    [Fact]
    public async Task A_key_is_made_once_read_without_its_secret_and_leaves_an_audit_entry()
    {
        var created = await SendAsync("POST", "/admin/keys", $$$"""
            {"name":"{{{_name}}}","account_id":"{{{_name}}}","limits":{"total_usd":12.000000001},"labels":{"team":"web"},"expires_at":"2040-01-31T12:00:00+02:00"}
            """);
        var read = await SendAsync("GET", $"/admin/keys/{_name}");
        var audit = await SendAsync("GET", "/admin/audit?limit=200");

        created.Status.ShouldBe(HttpStatusCode.Created);
        created.NoStore.ShouldBeTrue();
        var secret = Text(created.Body, "secret")!;
        secret.ShouldStartWith("sk-llmgw-");
        created.Body.GetProperty("limits").GetProperty("total_usd").GetRawText().ShouldBe("12.000000001");
        Text(created.Body, "expires_at").ShouldBe("2040-01-31T10:00:00Z");
        read.Body.TryGetProperty("secret", out _).ShouldBeFalse();
        Text(read.Body, "masked_key").ShouldBe("sk-llmgw...");
        read.Body.GetProperty("labels").GetRawText().ShouldBe("""{"team":"web"}""");
        var entry = audit.Body.GetProperty("data").EnumerateArray()
            .Single(entry => Text(entry, "action") == "key.issued" && Text(entry, "subject_id") == Text(created.Body, "id"));
        Text(entry.GetProperty("actor"), "account_id").ShouldBe("admin");
        Text(entry.GetProperty("actor"), "request_id").ShouldBe(created.RequestId);
        audit.Body.GetRawText().ShouldNotContain(secret);
        using var client = ClientOf(system, secret);
        (await Balance.OfAsync(client)).Total.ShouldBePositive();
    }

    [Fact]
    public async Task Limits_are_replaced_by_PUT_and_changed_or_taken_away_by_PATCH()
    {
        await SendAsync("POST", "/admin/keys", $$"""{"name":"{{_name}}"}""");

        var put = await SendAsync("PUT", $"/admin/keys/{_name}/limits", """{"total_tokens":5,"daily_usd":0.000000001,"parallel":0}""");
        var patched = await SendAsync("PATCH", $"/admin/keys/{_name}/limits", """{"total_tokens":null,"requests_per_minute":60}""");
        var replaced = await SendAsync("PUT", $"/admin/keys/{_name}/limits", "{}");

        Limits(put.Body).ShouldBe("total_tokens 5, daily_usd 0.000000001, parallel 0");
        Limits(patched.Body).ShouldBe("daily_usd 0.000000001, requests_per_minute 60, parallel 0");
        Limits(replaced.Body).ShouldBe("");
    }

    [Fact]
    public async Task A_patch_changes_what_it_has_and_null_takes_away()
    {
        await SendAsync("POST", "/admin/keys", $$"""{"name":"{{_name}}","description":"d","allowed_models":["a*"],"expires_at":"2040-01-01T00:00:00Z"}""");

        var patched = await SendAsync("PATCH", $"/admin/keys/{_name}", """{"expires_at":null,"allowed_models":["b*","c"]}""");

        Text(patched.Body, "description").ShouldBe("d");
        Text(patched.Body, "expires_at").ShouldBeNull();
        patched.Body.GetProperty("allowed_models").GetRawText().ShouldBe("""["b*","c"]""");
    }

    [Fact]
    public async Task A_list_is_paged_by_cursor_without_gaps()
    {
        var keys = string.Join(',', Enumerable.Range(0, 7).Select(i => $$$"""
            "{{{_name}}}-secret-{{{i}}}":{"name":"k{{{i}}}","limit":{{{i}}}}
            """));
        var imported = await SendAsync("POST", $"/admin/keys/import?account={_name}", $"{{{keys}}}");
        imported.Status.ShouldBe(HttpStatusCode.Created, imported.Body.GetRawText());

        var names = new List<string?>();
        string? cursor = null;
        do
        {
            var page = await SendAsync("GET", $"/admin/keys?account={_name}&limit=3{(cursor is null ? "" : $"&cursor={cursor}")}");
            names.AddRange(page.Body.GetProperty("data").EnumerateArray().Select(key => Text(key, "name")));
            cursor = Text(page.Body, "next_cursor");
        }
        while (cursor is not null);

        names.ShouldBe(["k0", "k1", "k2", "k3", "k4", "k5", "k6"], ignoreOrder: true);
    }

    [Fact]
    public async Task An_account_and_a_tariff_are_made_changed_and_used()
    {
        var tariff = await SendAsync("POST", "/admin/tariffs", $$$"""{"id":"{{{_name}}}","limits":{"monthly_tokens":10}}""");
        var version = await SendAsync("POST", $"/admin/tariffs/{_name}/versions", """{"limits":{"monthly_tokens":20},"effective_from":"2040-01-01T00:00:00Z"}""");
        var described = await SendAsync("PATCH", $"/admin/tariffs/{_name}", """{"description":"small"}""");
        var account = await SendAsync("POST", "/admin/accounts", $$$"""{"id":"{{{_name}}}","tariff":"{{{_name}}}","labels":{"a":"1"}}""");
        var key = await SendAsync("POST", "/admin/keys", $$"""{"name":"{{_name}}","account_id":"{{_name}}"}""");
        var changed = await SendAsync("PATCH", $"/admin/accounts/{_name}", """{"tariff":null,"description":"new"}""");

        (tariff.Status, version.Status, account.Status).ShouldBe((HttpStatusCode.Created, HttpStatusCode.Created, HttpStatusCode.Created));
        version.Body.GetProperty("versions").GetArrayLength().ShouldBe(2);
        described.Body.GetProperty("limits").GetProperty("monthly_tokens").GetInt64().ShouldBe(10);
        Text(described.Body, "description").ShouldBe("small");
        key.Body.GetProperty("effective_limits").GetProperty("monthly_tokens").GetInt64().ShouldBe(10);
        (Text(changed.Body, "tariff"), Text(changed.Body, "description")).ShouldBe((null, "new"));
        changed.Body.GetProperty("labels").GetRawText().ShouldBe("""{"a":"1"}""");
    }

    [Fact]
    public async Task What_Keys_refuses_has_the_error_shape_and_names_the_field()
    {
        await SendAsync("POST", "/admin/accounts", $$"""{"id":"{{_name}}"}""");

        ErrorOf(await SendAsync("GET", "/admin/keys/no-such-key")).ShouldBe((HttpStatusCode.NotFound, "not_found", "key"));
        ErrorOf(await SendAsync("POST", "/admin/accounts", $$"""{"id":"{{_name}}"}""")).ShouldBe((HttpStatusCode.Conflict, "conflict", "id"));
        ErrorOf(await SendAsync("POST", "/admin/accounts", """{"id":"not an id"}""")).ShouldBe((HttpStatusCode.BadRequest, "invalid_value", "id"));
        ErrorOf(await SendAsync("POST", "/admin/keys", """{"name":"a","limits":{"daily_tokens":-1}}"""))
            .ShouldBe((HttpStatusCode.BadRequest, "invalid_value", "limits.daily_tokens"));
        ErrorOf(await SendAsync("GET", "/admin/keys?cursor=nonsense")).ShouldBe((HttpStatusCode.BadRequest, "invalid_value", "cursor"));
        ErrorOf(await SendAsync("POST", $"/admin/accounts/{_name}/nonsense")).Status.ShouldBe(HttpStatusCode.NotFound);
    }

    [Fact]
    public async Task Stats_count_what_there_is()
    {
        await SendAsync("POST", "/admin/keys", $$$"""{"name":"{{{_name}}}","limits":{"total_tokens":1}}""");

        var stats = await SendAsync("GET", "/admin/stats");

        stats.Body.GetProperty("keys").GetProperty("active").GetInt64().ShouldBePositive();
        stats.Body.GetProperty("limits").GetProperty("keys").GetInt64().ShouldBePositive();
        stats.Body.GetProperty("money").ValueKind.ShouldBe(JsonValueKind.Object);
    }

    public void Dispose() => _http.Dispose();

    private static HttpClient ClientOf(RunningSystem system, string key)
    {
        var client = new HttpClient { BaseAddress = system.Gateway };
        client.DefaultRequestHeaders.Authorization = new("Bearer", key);
        return client;
    }

    private static string? Text(JsonElement element, string name) => element.GetProperty(name).GetString();

    private static string Limits(JsonElement key) => string.Join(", ", key.GetProperty("limits").EnumerateObject()
        .Where(limit => limit.Value.ValueKind != JsonValueKind.Null).Select(limit => $"{limit.Name} {limit.Value.GetRawText()}"));

    private static (HttpStatusCode Status, string? Code, string? Param) ErrorOf(Answer answer)
    {
        var error = answer.Body.GetProperty("error");
        Text(error, "message").ShouldNotBeNullOrEmpty();
        return (answer.Status, Text(error, "code"), Text(error, "param"));
    }

    private async Task<Answer> SendAsync(string method, string path, string? body = null)
    {
        using var request = new HttpRequestMessage(new(method), path);
        request.Content = body is null ? null : new StringContent(body, Encoding.UTF8, "application/json");
        using var response = await _http.SendAsync(request);
        return new(
            response.StatusCode,
            JsonElement.Parse(await response.Content.ReadAsStringAsync()),
            response.Headers.GetValues("x-request-id").Single(),
            response.Headers.CacheControl?.NoStore == true);
    }

    private sealed record Answer(HttpStatusCode Status, JsonElement Body, string RequestId, bool NoStore);
}
