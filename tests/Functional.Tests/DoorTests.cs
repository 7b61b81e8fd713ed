using System.Net;
using System.Text;
using LlmGateway.Gateway;
using LlmGateway.Protos.Billing.V1;
using LlmGateway.ServiceDefaults;
using LlmGateway.SystemUnderTest;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;

namespace LlmGateway.Functional.Tests;

/// <summary>
/// P6, R2, R8: which routes can reach a provider is found out by asking each of the gateway's own endpoint table with money; each of those
/// refuses without, and the provider hears of nothing. A new route is a new line in one of the two lists.
/// </summary>
[Collection(RunningSystem.Name)]
public sealed class DoorTests(RunningSystem running)
{
    // It serves every dialect there is or may be, but for those below.
    private const string Body = $$"""
        {"model":"{{GatewaySystem.Model}}","messages":[{"role":"user","content":"knock"}],"input":"knock","max_tokens":5}
        """;

    private static readonly Dictionary<string, string> OwnBodies = new()
    {
        ["POST /v1/responses"] = $$"""{"model":"{{GatewaySystem.Model}}","input":"knock","max_output_tokens":16}""",
        ["POST /v1/completions"] = $$"""{"model":"{{GatewaySystem.Model}}","prompt":"knock","max_tokens":5}""",
        ["POST /v1/embeddings"] = $$"""{"model":"{{GatewaySystem.EmbeddingModel}}","input":"knock"}""",
    };

    private static readonly string[] Doors =
    [
        "POST /v1/chat/completions", "POST /v1/chat/completions/stream", "POST /v1/messages", "POST /v1/responses", "POST /v1/completions",
        "POST /v1/embeddings",
    ];

    [Fact]
    public async Task Every_route_that_reaches_a_provider_refuses_a_spent_account_and_the_provider_hears_nothing()
    {
        await using var gateway = await StartGatewayAsync();
        var routes = RoutesOf(gateway).ToList();
        using var rich = Client(gateway, await Administrator.IssueKeyAsync(running.System, "door-rich"));
        using var spent = Client(gateway, await Administrator.IssueKeyAsync(running.System, "door-spent"));
        await SpendAsync(spent, "door-spent");

        var doors = new List<string>();
        foreach (var route in routes)
        {
            var reached = running.Provider.Calls.Count;
            using var answered = await AskAsync(rich, route);
            if (running.Provider.Calls.Count == reached)
            {
                continue;
            }

            doors.Add(route);
            reached = running.Provider.Calls.Count;
            using var refused = await AskAsync(spent, route);
            refused.StatusCode.ShouldBe(route.EndsWith("/messages", StringComparison.Ordinal) ? HttpStatusCode.PaymentRequired : HttpStatusCode.TooManyRequests, route);
            (await refused.Content.ReadAsStringAsync()).ShouldContain("insufficient_balance");
            running.Provider.Calls.Count.ShouldBe(reached, route);
        }

        doors.ShouldBe(Doors, ignoreOrder: true);
        routes.Where(route => route.StartsWith("POST ", StringComparison.Ordinal) && !route.StartsWith("POST /admin/", StringComparison.Ordinal))
            .Except(Doors).ShouldBe(["POST /auth/token", "POST /v1/messages/count_tokens"], ignoreOrder: true);
    }

    private static IEnumerable<string> RoutesOf(WebApplication gateway) =>
        from endpoint in gateway.Services.GetRequiredService<EndpointDataSource>().Endpoints.OfType<RouteEndpoint>()
        from method in endpoint.Metadata.GetMetadata<IHttpMethodMetadata>()?.HttpMethods ?? ["GET", "POST"]
        select $"{method} {endpoint.RoutePattern.RawText}";

    private static async Task<HttpResponseMessage> AskAsync(HttpClient client, string route)
    {
        var (method, path) = (route.Split(' ')[0], route.Split(' ')[1].Replace("{**id}", GatewaySystem.Model, StringComparison.Ordinal));
        using var request = new HttpRequestMessage(new(method), path);
        request.Content = method is "GET" or "HEAD" ? null : new StringContent(OwnBodies.GetValueOrDefault(route, Body), Encoding.UTF8, "application/json");
        return await client.SendAsync(request);
    }

    private async Task SpendAsync(HttpClient spent, string account)
    {
        var balance = await Balance.OfAsync(spent);
        var reply = await running.System.Ledger.AdjustAsync(new()
        {
            AccountId = account,
            AmountNanoUsd = -(long)(balance.Total * 1_000_000_000m),
            Terms = new() { Actor = new() { AccountId = "admin" }, Note = "spent" },
        });
        reply.OutcomeCase.ShouldNotBe(BookReply.OutcomeOneofCase.Refusal);
        (await Balance.OfAsync(spent)).Total.ShouldBe(0);
    }

    /// <summary>The gateway in this process, whose endpoint table can be read, on the services of the running system.</summary>
    private async Task<WebApplication> StartGatewayAsync()
    {
        var builder = WebApplication.CreateBuilder(new WebApplicationOptions { ApplicationName = "Gateway.Api", EnvironmentName = "Production" });
        builder.Configuration.AddInMemoryCollection(new Dictionary<string, string?>
        {
            ["services:keys:grpc:0"] = running.System.EndpointOf("keys", "grpc").ToString(),
            ["services:billing:grpc:0"] = running.System.EndpointOf("billing", "grpc").ToString(),
            ["services:routing:grpc:0"] = running.System.EndpointOf("routing", "grpc").ToString(),
            ["ConnectionStrings:redis"] = await running.System.ConnectionStringAsync("redis"),
        });
        builder.AddServiceDefaults();
        builder.AddGateway();
        builder.WebHost.UseUrls($"http://{IPAddress.Loopback}:0");
        var app = builder.Build();
        app.UseGateway();
        app.MapDefaultEndpoints();
        app.MapGateway();
        await app.StartAsync();
        return app;
    }

    private static HttpClient Client(WebApplication gateway, string key)
    {
        var client = new HttpClient { BaseAddress = new Uri(gateway.Urls.Single()) };
        client.DefaultRequestHeaders.Authorization = new("Bearer", key);
        return client;
    }
}
