using System.Net;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace LlmGateway.Gateway.Tests.Hosting;

/// <summary>No door without admission (P6): from the endpoint table itself, so that a new route cannot be forgotten.</summary>
[Collection(GatewayCollection.Name)]
public sealed class RouteInventoryTests(GatewayHost gateway)
{
    private static readonly string[] OpenToAnyone = ["/", "/health", "/alive", "/ready", "/metrics", "/openapi/v1.json"];

    private IEnumerable<(string Method, string Path)> Routes =>
        from endpoint in gateway.Services.GetRequiredService<EndpointDataSource>().Endpoints.OfType<RouteEndpoint>()
        from method in endpoint.Metadata.GetMetadata<IHttpMethodMetadata>()?.HttpMethods ?? ["GET", "POST"]
        select (method, endpoint.RoutePattern.RawText!);

    [Fact]
    public async Task Every_route_outside_the_open_list_refuses_a_request_without_a_key()
    {
        using var client = gateway.Client(key: null);
        var closed = Routes.Where(route => !OpenToAnyone.Contains(route.Path)).ToList();

        closed.Count.ShouldBeGreaterThan(5);
        foreach (var (method, path) in closed)
        {
            using var response = await client.SendAsync(new(new(method), path.Replace("{**id}", "some/model", StringComparison.Ordinal)));
            response.StatusCode.ShouldBe(HttpStatusCode.Unauthorized, $"{method} {path}");
        }
    }

    [Fact]
    public void The_contract_s_routes_are_there() => Routes.Select(route => $"{route.Method} {route.Path}").ShouldBe(
        [
            "GET /", "GET /alive", "GET /metrics", "GET /billing/balance", "GET /billing/transactions", "GET /health", "GET /ready", "GET /v1/models",
            "GET /v1/models/{**id}", "GET /v1/generations/{id}", "HEAD /alive", "HEAD /health", "HEAD /ready", "POST /v1/chat/completions", "POST /v1/chat/completions/stream", "POST /v1/messages", "POST /v1/messages/count_tokens", "POST /v1/completions", "POST /v1/embeddings", "POST /v1/responses", "GET /v1/responses/{id}", "DELETE /v1/responses/{id}",
            "GET /admin/accounts", "POST /admin/accounts", "GET /admin/accounts/{id}", "PATCH /admin/accounts/{id}",
            "GET /usage", "GET /limits", "GET /tariff", "GET /rate-limit", "GET /admin/accounts/{id}/usage", "GET /admin/reports/spend",
            "GET /admin/accounts/{id}/alerts", "PUT /admin/accounts/{id}/alerts", "DELETE /admin/accounts/{id}/alerts",
            "POST /admin/accounts/{id}/top-ups", "POST /admin/accounts/{id}/adjustments", "PUT /admin/accounts/{id}/overdraft",
            "POST /admin/generations/{id}/refunds", "GET /admin/ledger/verify",
            "POST /admin/accounts/{id}/reinstate", "POST /admin/accounts/{id}/revoke", "GET /admin/audit", "GET /admin/backup",
            "GET /admin/keys", "POST /admin/keys", "POST /admin/keys/import", "GET /admin/keys/{key}", "PATCH /admin/keys/{key}",
            "PATCH /admin/keys/{key}/limits", "PUT /admin/keys/{key}/limits", "POST /admin/keys/{key}/revoke", "POST /admin/keys/{key}/rotate",
            "GET /admin/prices", "POST /admin/prices", "GET /admin/prices/{id}", "POST /admin/prices/rerate",
            "POST /admin/restore", "POST /admin/signing-keys/rotate", "GET /admin/stats", "GET /admin/tariffs", "POST /admin/tariffs",
            "GET /admin/tariffs/{id}", "PATCH /admin/tariffs/{id}", "POST /admin/tariffs/{id}/versions", "POST /auth/token",
            "GET /admin/models", "GET /admin/models/{id}", "PUT /admin/models/{id}", "DELETE /admin/models/{id}", "POST /admin/models/import",
            "POST /admin/deployments", "PATCH /admin/deployments/{id}", "DELETE /admin/deployments/{id}", "POST /admin/explain",
            "GET /admin/deployments", "GET /admin/deployments/{id}", "POST /admin/deployments/{id}/cooldown", "DELETE /admin/deployments/{id}/cooldown",
            "GET /admin/log-level", "PUT /admin/log-level",
            "GET /health/circuit-breakers", "GET /health/detailed", "GET /health/history", "GET /health/monitoring", "GET /health/system",
            "GET /v1/llm/models", "GET /openapi/v1.json",
        ],
        ignoreOrder: true);
}
