using System.Net;
using System.Text;
using LlmGateway.Gateway.Tests.Hosting;
using LlmGateway.Protos.Keys.V1;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace LlmGateway.Gateway.Tests.Admin;

[Collection(GatewayCollection.Name)]
public sealed class AdminAuthorizationTests(GatewayHost gateway)
{
    /// <summary>The gateway's own: it asks no service.</summary>
    private const string LogLevel = "/admin/log-level";

    private IEnumerable<(string Method, string Path)> AdminRoutes =>
        from endpoint in gateway.Services.GetRequiredService<EndpointDataSource>().Endpoints.OfType<RouteEndpoint>()
        where endpoint.RoutePattern.RawText!.StartsWith("/admin", StringComparison.Ordinal)
        from method in endpoint.Metadata.GetMetadata<IHttpMethodMetadata>()!.HttpMethods
        select (method, endpoint.RoutePattern.RawText!.Replace("/prices/{id}", "/prices/7").Replace("{key}", "my-key").Replace("/reports/spend", "/reports/spend?from=2026-11-01&to=2026-11-30").Replace("{id}", "acme"));

    [Theory]
    [InlineData(Role.Account)]
    [InlineData(Role.Internal)]
    public async Task Keys_of_accounts_get_403_from_every_admin_route(Role role)
    {
        using var client = gateway.ClientOf(role);

        AdminRoutes.Count().ShouldBeGreaterThan(20);
        foreach (var (method, path) in AdminRoutes)
        {
            (await StatusAsync(client, method, path)).ShouldBe(HttpStatusCode.Forbidden, $"{method} {path}");
        }
    }

    [Fact]
    public async Task An_operator_reads_everything_but_the_backup_and_changes_nothing()
    {
        using var client = gateway.ClientOf(Role.Operator);

        foreach (var (method, path) in AdminRoutes)
        {
            var expected = method != "GET" || path == "/admin/backup" ? HttpStatusCode.Forbidden
                : path == LogLevel ? HttpStatusCode.OK : HttpStatusCode.ServiceUnavailable;
            (await StatusAsync(client, method, path)).ShouldBe(expected, $"{method} {path}");
        }
    }

    [Fact]
    public async Task An_administrator_is_let_through_everywhere_and_told_that_Keys_is_down()
    {
        using var client = gateway.ClientOf(Role.Administrator);

        foreach (var (method, path) in AdminRoutes)
        {
            // An empty object lacks what some of them need.
            (await StatusAsync(client, method, path)).ShouldBeOneOf(
                path == LogLevel ? HttpStatusCode.OK : HttpStatusCode.ServiceUnavailable, HttpStatusCode.BadRequest);
        }

        using var response = await client.PostAsync(new Uri("/admin/keys/my-key/revoke", UriKind.Relative), null);
        var error = await ErrorAnswer.ReadAsync(response);
        (error.Status, error.Code).ShouldBe((HttpStatusCode.ServiceUnavailable, "keys_unavailable"));
        error.Message.ShouldContain("not known");
        response.Headers.CacheControl!.NoStore.ShouldBeTrue();
    }

    [Fact]
    public async Task A_query_parameter_that_a_route_does_not_know_is_refused_by_name_everywhere()
    {
        using var client = gateway.ClientOf(Role.Administrator);

        foreach (var (method, path) in AdminRoutes)
        {
            using var request = new HttpRequestMessage(new(method), $"{path}{(path.Contains('?', StringComparison.Ordinal) ? '&' : '?')}what=1");
            request.Content = method == "GET" ? null : new StringContent("{}", Encoding.UTF8, "application/json");
            using var response = await client.SendAsync(request);

            var error = await ErrorAnswer.ReadAsync(response);
            (error.Status, error.Code, error.Param).ShouldBe((HttpStatusCode.BadRequest, "invalid_value", "what"), $"{method} {path}");
        }
    }

    [Fact]
    public async Task Figures_that_Billing_does_not_say_are_missed_in_the_log()
    {
        using var client = gateway.ClientOf(Role.Operator);

        using var response = await client.GetAsync(new Uri("/admin/stats", UriKind.Relative));

        var request = response.Headers.GetValues("x-request-id").Single();
        gateway.Log.All.ShouldContain(line => line.Text.Contains($"did not say the figures that request {request} asks for: Unavailable"));
    }

    [Theory]
    [InlineData("POST", "/admin/accounts/acme/top-ups", "keys_unavailable")]
    [InlineData("POST", "/admin/accounts/acme/adjustments", "keys_unavailable")]
    [InlineData("PUT", "/admin/accounts/acme/overdraft", "keys_unavailable")]
    [InlineData("PUT", "/admin/accounts/acme/alerts", "keys_unavailable")]
    [InlineData("DELETE", "/admin/accounts/acme/alerts", "keys_unavailable")]
    [InlineData("POST", "/admin/generations/req_01JD3ZK5T0Q8M7V4N2X9B6C1RE/refunds", "billing_unavailable")]
    public async Task Who_is_silent_is_named_and_what_was_never_sent_was_not_done(string method, string path, string code)
    {
        using var client = gateway.ClientOf(Role.Administrator);
        using var request = new HttpRequestMessage(new(method), path);
        var body = path.Split('/')[^1] switch { "overdraft" => """{"overdraft":1}""", "alerts" => """{"alerts":[]}""", _ => """{"amount":1,"note":"n","idempotency_key":"k"}""" };
        request.Content = new StringContent(body, Encoding.UTF8, "application/json");

        using var response = await client.SendAsync(request);

        var error = await ErrorAnswer.ReadAsync(response);
        (error.Status, error.Code).ShouldBe((HttpStatusCode.ServiceUnavailable, code));
        error.Message.ShouldEndWith("Nothing was changed.");
    }

    private static async Task<HttpStatusCode> StatusAsync(HttpClient client, string method, string path)
    {
        using var request = new HttpRequestMessage(new(method), path);
        request.Content = method == "GET" ? null : new StringContent("{}", Encoding.UTF8, "application/json");
        using var response = await client.SendAsync(request);
        return response.StatusCode;
    }
}
