using System.Net;
using System.Text;
using LlmGateway.Gateway.Tests.Hosting;
using LlmGateway.Protos.Keys.V1;

namespace LlmGateway.Gateway.Tests.Admin;

/// <summary>/admin/models, changes of /admin/deployments and /admin/explain, with no Routing.Service behind them: who is let through gets 503.</summary>
[Collection(GatewayCollection.Name)]
public sealed class CatalogTests(GatewayHost gateway)
{
    [Theory]
    [InlineData("PATCH", "/admin/deployments/a", """{"wieght":1}""", "invalid_value", "wieght")]
    [InlineData("PATCH", "/admin/deployments/a", """{"weight":"1"}""", "invalid_value", "weight")]
    [InlineData("PATCH", "/admin/deployments/a", """{"rpm":1,"rpm":2}""", "invalid_value", "rpm")]
    [InlineData("POST", "/admin/models/import", "{}", "missing_required_parameter", "file")]
    [InlineData("POST", "/admin/models/import?dry_run=perhaps", "{}", "invalid_value", "dry_run")]
    [InlineData("POST", "/admin/deployments", "[]", "invalid_json", null)]
    [InlineData("PUT", "/admin/models/a", "{", "invalid_json", null)]
    [InlineData("POST", "/admin/explain", """{"model":7,"messages":[]}""", "invalid_value", "model")]
    public async Task A_body_that_cannot_be_is_refused_by_its_field(string method, string path, string body, string code, string? param)
    {
        using var response = await SendAsync(Role.Administrator, method, path, body);

        var error = await ErrorAnswer.ReadAsync(response);
        (response.StatusCode, error.Code, error.Param).ShouldBe((HttpStatusCode.BadRequest, code, param));
    }

    [Theory]
    [InlineData("GET", "/admin/models", Role.Operator, HttpStatusCode.ServiceUnavailable)]
    [InlineData("GET", "/admin/models", Role.Account, HttpStatusCode.Forbidden)]
    [InlineData("POST", "/admin/deployments", Role.Operator, HttpStatusCode.Forbidden)]
    [InlineData("POST", "/admin/deployments", Role.Administrator, HttpStatusCode.ServiceUnavailable)]
    [InlineData("DELETE", "/admin/deployments/openai%2Fgpt-4o", Role.Administrator, HttpStatusCode.ServiceUnavailable)]
    [InlineData("PUT", "/admin/models/gpt-4o", Role.Operator, HttpStatusCode.Forbidden)]
    [InlineData("POST", "/admin/explain", Role.Operator, HttpStatusCode.Forbidden)]
    public async Task Operators_look_and_administrators_change(string method, string path, Role role, HttpStatusCode status)
    {
        using var response = await SendAsync(role, method, path, method == "GET" ? null : """{"messages":[]}""");

        response.StatusCode.ShouldBe(status);
    }

    private async Task<HttpResponseMessage> SendAsync(Role role, string method, string path, string? body)
    {
        using var client = gateway.ClientOf(role);
        using var request = new HttpRequestMessage(new HttpMethod(method), path);
        request.Content = body is null ? null : new StringContent(body, Encoding.UTF8, "application/json");
        return await client.SendAsync(request);
    }
}
