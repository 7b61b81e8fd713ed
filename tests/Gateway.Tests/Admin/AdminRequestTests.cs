using System.Net;
using System.Text;
using LlmGateway.Gateway.Tests.Hosting;
using LlmGateway.Protos.Keys.V1;

namespace LlmGateway.Gateway.Tests.Admin;

/// <summary>Bad requests, each refused by its field before Keys.Service is asked, and none of them repeated.</summary>
[Collection(GatewayCollection.Name)]
public sealed class AdminRequestTests(GatewayHost gateway)
{
    private const string Secret = "sk-pasted-where-it-does-not-belong";
    private const string MadeSecret = "sk-llmgw-pasted0123456789012345678901234567890123456789012";

    [Theory]
    [InlineData("/admin/keys", "{", "invalid_json", null)]
    [InlineData("/admin/keys", "", "invalid_json", null)]
    [InlineData("/admin/keys", "[]", "invalid_json", null)]
    [InlineData("/admin/keys", """{"name":"a"} x""", "invalid_json", null)]
    [InlineData("/admin/keys", """{"labels":[[[[[[[[[[]]]]]]]]]]}""", "invalid_json", null)]
    [InlineData("/admin/keys", "{}", "missing_required_parameter", "name")]
    [InlineData("/admin/keys", """{"name":5}""", "invalid_value", "name")]
    [InlineData("/admin/keys", """{"name":"\ud800"}""", "invalid_value", "name")]
    [InlineData("/admin/keys", """{"name":"a","nmae":"b"}""", "invalid_value", "nmae")]
    [InlineData("/admin/keys", """{"Name":"a"}""", "invalid_value", null)]
    [InlineData("/admin/keys", """{"name":"a","name":"b"}""", "invalid_value", "name")]
    [InlineData("/admin/keys", """{"name":"a","role":"internal"}""", "invalid_value", "role")]
    [InlineData("/admin/keys", """{"name":"a","role":7}""", "invalid_value", "role")]
    [InlineData("/admin/keys", """{"name":"a","limits":7}""", "invalid_value", "limits")]
    [InlineData("/admin/keys", """{"name":"a","limits":{"total":7}}""", "invalid_value", "limits.total")]
    [InlineData("/admin/keys", """{"name":"a","limits":{"daily_tokens":"7"}}""", "invalid_value", "limits.daily_tokens")]
    [InlineData("/admin/keys", """{"name":"a","limits":{"daily_tokens":7.5}}""", "invalid_value", "limits.daily_tokens")]
    [InlineData("/admin/keys", """{"name":"a","limits":{"daily_tokens":9223372036854775808}}""", "invalid_value", "limits.daily_tokens")]
    [InlineData("/admin/keys", """{"name":"a","limits":{"daily_usd":1.0000000001}}""", "invalid_value", "limits.daily_usd")]
    [InlineData("/admin/keys", """{"name":"a","limits":{"daily_usd":1e3}}""", "invalid_value", "limits.daily_usd")]
    [InlineData("/admin/keys", """{"name":"a","limits":{"daily_usd":-1}}""", "invalid_value", "limits.daily_usd")]
    [InlineData("/admin/keys", """{"name":"a","limits":{"daily_usd":9223372036.854775808}}""", "invalid_value", "limits.daily_usd")]
    [InlineData("/admin/keys", """{"name":"a","limits":{"daily_usd":"1"}}""", "invalid_value", "limits.daily_usd")]
    [InlineData("/admin/keys", """{"name":"a","allowed_models":"gpt"}""", "invalid_value", "allowed_models")]
    [InlineData("/admin/keys", """{"name":"a","allowed_models":["gpt",null]}""", "invalid_value", "allowed_models")]
    [InlineData("/admin/keys", """{"name":"a","labels":{"a":null}}""", "invalid_value", "labels")]
    [InlineData("/admin/keys", """{"name":"a","labels":{"a":"1","a":"2"}}""", "invalid_value", "labels")]
    [InlineData("/admin/keys", """{"name":"a","expires_at":"tomorrow"}""", "invalid_value", "expires_at")]
    [InlineData("/admin/keys", """{"name":"a","expires_at":"2027-01-01T00:00:00"}""", "invalid_value", "expires_at")]
    [InlineData("/admin/keys", """{"name":"a","expires_at":"2027-13-01T00:00:00Z"}""", "invalid_value", "expires_at")]
    [InlineData("/admin/keys", $$$"""{"name":"{{{Secret}}}"}""", "invalid_value", "name")]
    [InlineData("/admin/keys", $$$"""{"{{{Secret}}}":{"name":"a"}}""", "invalid_value", null)]
    [InlineData("/admin/keys", $$$"""{"name":"a","limits":{"{{{Secret}}}":1}}""", "invalid_value", "limits")]
    [InlineData("/admin/keys/import", "{}", "invalid_value", "keys")]
    [InlineData("/admin/keys/import", $$$"""{"{{{Secret}}}":5}""", "invalid_value", "keys[0]")]
    [InlineData("/admin/keys/import", $$$"""{"sk-a":{"name":"a"},"{{{Secret}}}":{"name":"b","limit":"50"}}""", "invalid_value", "keys[1].limit")]
    [InlineData("/admin/keys/import", $$$"""{"{{{Secret}}}":{"name":"b","rate":5}}""", "invalid_value", "keys[0].rate")]
    [InlineData("/admin/keys/import", $$$"""{"{{{Secret}}}":{}}""", "missing_required_parameter", "keys[0].name")]
    [InlineData("/admin/keys/import", $$$"""{"sk-x":{"name":"{{{Secret}}}"}}""", "invalid_value", "keys[0].name")]
    [InlineData("/admin/keys/import", $$$"""{"{{{Secret}}}":{"name":"b"},"{{{Secret}}}":{"name":"b"}}""", "invalid_value", "keys[1]")]
    [InlineData("/admin/keys/my-key/rotate", "{}", "missing_required_parameter", "overlap_seconds")]
    [InlineData("/admin/keys/my-key/rotate", """{"overlap_seconds":-1}""", "invalid_value", "overlap_seconds")]
    [InlineData("/admin/keys/my-key/rotate", """{"overlap_seconds":2592001}""", "invalid_value", "overlap_seconds")]
    [InlineData("/admin/keys/" + Secret + "/revoke", "{}", "invalid_value", "key")]
    [InlineData("/admin/keys/" + Secret + "/rotate", """{"overlap_seconds":0}""", "invalid_value", "key")]
    [InlineData("/admin/accounts/" + MadeSecret + "/revoke", "{}", "invalid_value", "id")]
    [InlineData("/admin/accounts/acme/top-ups", """{"amount":1}""", "missing_required_parameter", "idempotency_key")]
    [InlineData("/admin/accounts/acme/adjustments", """{"amount":1,"note":"n"}""", "missing_required_parameter", "idempotency_key")]
    [InlineData("/admin/generations/req_01JD3ZK5T0Q8M7V4N2X9B6C1RE/refunds", "{}", "missing_required_parameter", "idempotency_key")]
    [InlineData("/admin/prices/rerate?dry_run=true", "{}", "invalid_value", "dry_run")]
    [InlineData("/admin/tariffs/basic/versions", "{}", "missing_required_parameter", "limits")]
    [InlineData("/admin/tariffs/basic/versions", """{"limits":{"parallel":true}}""", "invalid_value", "limits.parallel")]
    [InlineData("/admin/restore?dryrun=true", "{}", "invalid_value", "dryrun")]
    [InlineData("/admin/restore?dry_run=1", "{}", "invalid_value", "dry_run")]
    [InlineData("/admin/keys/import?accuont=x", "{}", "invalid_value", "accuont")]
    public async Task A_bad_body_is_refused_by_its_field_and_not_repeated(string path, string body, string code, string? param)
    {
        using var client = gateway.ClientOf(Role.Administrator);
        using var content = new StringContent(body, Encoding.UTF8, "application/json");

        using var response = await client.PostAsync(new Uri(path, UriKind.Relative), content);

        var error = await ErrorAnswer.ReadAsync(response);
        (error.Status, error.Code, error.Param).ShouldBe((HttpStatusCode.BadRequest, code, param), error.Message);
        (await response.Content.ReadAsStringAsync()).ShouldNotContain("pasted");
        gateway.Log.All.ShouldNotContain(line => line.Text.Contains(Secret));
        error.Message.ShouldNotContain("System.");
    }

    [Theory]
    [InlineData("/admin/keys?limit=0", "limit")]
    [InlineData("/admin/keys?limit=201", "limit")]
    [InlineData("/admin/keys?limit=1&limit=2", "limit")]
    [InlineData("/admin/keys?cursor=a&cursor=b", "cursor")]
    [InlineData("/admin/keys?include_inactive=yes", "include_inactive")]
    [InlineData("/admin/accounts?offset=5", "offset")]
    [InlineData("/admin/audit?limit=x", "limit")]
    [InlineData("/admin/keys/" + Secret, "key")]
    [InlineData("/admin/keys/eyJhbGciOiJIUzI1NiJ9.e30.AbCdEf", "key")]
    public async Task A_bad_address_is_refused_by_its_field(string path, string param)
    {
        using var client = gateway.ClientOf(Role.Operator);

        using var response = await client.GetAsync(new Uri(path, UriKind.Relative));

        var error = await ErrorAnswer.ReadAsync(response);
        (error.Status, error.Code, error.Param).ShouldBe((HttpStatusCode.BadRequest, "invalid_value", param));
        error.Message.ShouldNotContain("pasted");
    }

    [Theory]
    [InlineData("GET", "/admin/accounts/user_2NNEqL2nrIRdJ194ndJqAHwEfxC")]
    [InlineData("PATCH", "/admin/accounts/507f1f77bcf86cd799439011")]
    [InlineData("POST", "/admin/accounts/kZ8vQm1TtXb0aYcR3nLw5uPe7dG2/revoke")]
    [InlineData("POST", "/admin/accounts/sk-team/reinstate")]
    [InlineData("PATCH", "/admin/tariffs/507f1f77bcf86cd799439011")]
    public async Task An_id_that_looks_random_is_passed_on_to_Keys(string method, string path)
    {
        using var client = gateway.ClientOf(Role.Administrator);
        using var request = new HttpRequestMessage(new(method), path);
        request.Content = method == "GET" ? null : new StringContent("{}", Encoding.UTF8, "application/json");

        using var response = await client.SendAsync(request);

        (await ErrorAnswer.ReadAsync(response)).Code.ShouldBe("keys_unavailable");
    }

    [Theory]
    [InlineData("/admin/keys")]
    [InlineData("/admin/keys/import")]
    [InlineData("/admin/restore")]
    public async Task A_body_of_another_type_is_415(string path)
    {
        using var client = gateway.ClientOf(Role.Administrator);
        using var content = new StringContent("{}", Encoding.UTF8, "text/plain");

        using var response = await client.PostAsync(new Uri(path, UriKind.Relative), content);

        (await ErrorAnswer.ReadAsync(response)).Status.ShouldBe(HttpStatusCode.UnsupportedMediaType);
    }

    [Fact]
    public async Task A_body_over_the_limit_is_413_and_a_restore_has_a_limit_of_its_own()
    {
        using var client = gateway.ClientOf(Role.Administrator);
        var padding = new string(' ', GatewayHost.MaxBodyBytes + 1);

        using var large = new StringContent("{}" + padding, Encoding.UTF8, "application/json");
        using var refused = await client.PostAsync(new Uri("/admin/keys", UriKind.Relative), large);
        using var backup = new StringContent("{}" + padding, Encoding.UTF8, "application/json");
        using var passed = await client.PostAsync(new Uri("/admin/restore", UriKind.Relative), backup);

        (await ErrorAnswer.ReadAsync(refused)).Code.ShouldBe("request_too_large");
        (await ErrorAnswer.ReadAsync(passed)).Code.ShouldBe("keys_unavailable");
    }
}
