using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using LlmGateway.Gateway.Tests.Admin;
using LlmGateway.Gateway.Tests.Hosting;
using LlmGateway.Gateway.Tests.Web;
using LlmGateway.Protos.Keys.V1;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace LlmGateway.Gateway.Tests.Documentation;

/// <summary>The API's description says what is there: all of it, and nothing else.</summary>
[Collection(GatewayCollection.Name)]
public sealed class ApiDocumentTests(GatewayHost gateway)
{
    [Fact]
    public async Task Every_route_is_in_it_and_it_has_no_other()
    {
        var document = await DocumentAsync();

        Operations(document).Select(operation => operation.Name).ShouldBe(
            Routes().Where(route => !route.Name.StartsWith("HEAD ", StringComparison.Ordinal)).Select(route => route.Name), ignoreOrder: true);
    }

    [Fact]
    public async Task It_says_of_each_operation_who_may_ask_what_it_is_and_how_it_fails()
    {
        var routes = Routes().ToDictionary(route => route.Name, route => route.Open);
        foreach (var (name, operation) in Operations(await DocumentAsync()))
        {
            var schemes = operation["security"]!.AsArray();
            (schemes.Count == 0).ShouldBe(routes[name] && !name.StartsWith("GET /health/", StringComparison.Ordinal), name);
            operation["summary"]!.GetValue<string>().ShouldNotBeNullOrEmpty(name);
            operation["tags"]!.AsArray().Count.ShouldBe(1, name);
            operation["responses"]!["default"].ShouldNotBeNull(name);
            if (schemes.Count > 0)
            {
                operation["responses"]!["401"].ShouldNotBeNull(name);
            }

            if (operation["requestBody"] is { } body)
            {
                (body["content"]!["application/json"]!["example"] is not null).ShouldBe(name != "POST /admin/restore", name);
                operation["responses"]!["413"].ShouldNotBeNull(name);
            }
        }
    }

    [Fact]
    public async Task Each_of_its_references_leads_somewhere_and_each_of_its_parts_is_referred_to()
    {
        var document = await DocumentAsync();
        var found = References(document).Distinct().ToList();

        foreach (var reference in found)
        {
            reference.TrimStart('#', '/').Split('/').Aggregate((JsonNode?)document, (node, part) => node?[part]).ShouldNotBeNull(reference);
        }

        foreach (var kind in new[] { "schemas", "responses", "headers" })
        {
            document["components"]![kind]!.AsObject().Select(part => $"#/components/{kind}/{part.Key}").Except(found).ShouldBeEmpty();
        }
    }

    [Fact]
    public async Task What_it_gives_as_an_example_of_a_body_is_accepted()
    {
        using var client = gateway.ClientOf(Role.Administrator);
        foreach (var (name, operation) in Operations(await DocumentAsync()))
        {
            if (operation["requestBody"]?["content"]!["application/json"]!["example"] is not { } example)
            {
                continue;
            }

            using var content = new StringContent(example.ToJsonString(), Encoding.UTF8, "application/json");
            using var request = new HttpRequestMessage(new(name.Split(' ')[0]), name.Split(' ')[1].Replace("{", "", StringComparison.Ordinal).Replace("}", "", StringComparison.Ordinal)) { Content = content };
            using var response = await client.SendAsync(request);

            // Nothing is behind the gateway here: what it would have to ask for is away. Its own log level it can change.
            response.StatusCode.ShouldBe(name == "PUT /admin/log-level" ? HttpStatusCode.OK : HttpStatusCode.ServiceUnavailable, $"{name}: {await response.Content.ReadAsStringAsync()}");
        }
    }

    [Fact]
    public async Task Its_schemas_have_the_members_of_the_bodies_that_are_written()
    {
        var schemas = (await DocumentAsync())["components"]!["schemas"]!.AsObject();
        var bodies = WrittenBodies.All();
        bodies.Count.ShouldBeGreaterThan(40);

        var described = bodies.Keys.Select(name => $"{name}: {string.Join(", ", schemas[name]?["properties"]!.AsObject().Select(member => member.Key) ?? [])}");
        bodies.Select(body => $"{body.Key}: {string.Join(", ", body.Value)}").Except(described).ShouldBeEmpty();
    }

    [Fact]
    public async Task The_pages_load_nothing_from_elsewhere_and_may_load_nothing()
    {
        using var client = gateway.Client(key: null);
        foreach (var path in new[] { "/docs", "/redoc" })
        {
            using var page = await client.GetAsync(path);

            page.StatusCode.ShouldBe(HttpStatusCode.OK);
            AnswerTests.Header(page, "content-security-policy").ShouldStartWith("default-src 'none'; script-src 'self';");
            AnswerTests.Header(page, "x-frame-options").ShouldBe("DENY");
            (await page.Content.ReadAsStringAsync()).ShouldNotMatch("(src|href)=\"?(https?:)?//");
        }
    }

    [Fact]
    public async Task ReDoc_s_script_is_whole_whatever_its_first_reader_asked_for_and_not_sent_to_who_has_it()
    {
        const string Path = "/redoc/redoc.standalone.js";
        await using var host = await OwnHost.StartAsync();
        using var client = new HttpClient { BaseAddress = host.Address };
        (await client.PostAsync(Path, content: null)).StatusCode.ShouldBe(HttpStatusCode.NotFound);
        using var request = new HttpRequestMessage(HttpMethod.Get, Path) { Headers = { Range = new(0, 9), IfModifiedSince = TimeProvider.System.GetUtcNow() } };
        using var first = await client.SendAsync(request);
        first.StatusCode.ShouldBe(HttpStatusCode.OK);
        first.Content.Headers.ContentLength!.Value.ShouldBeGreaterThan(100_000);

        using var again = new HttpRequestMessage(HttpMethod.Get, Path) { Headers = { IfNoneMatch = { first.Headers.ETag! } } };
        using var known = await client.SendAsync(again);

        known.StatusCode.ShouldBe(HttpStatusCode.NotModified);
        (await known.Content.ReadAsByteArrayAsync()).ShouldBeEmpty();
    }

    [Fact]
    public async Task All_of_it_can_be_turned_off()
    {
        await using var host = await OwnHost.StartAsync(("Docs:Enabled", "false"));
        using var client = new HttpClient { BaseAddress = host.Address };
        foreach (var path in new[] { "/docs", "/docs/index.html", "/redoc", "/openapi/v1.json" })
        {
            using var response = await client.GetAsync(path);
            response.StatusCode.ShouldBe(HttpStatusCode.NotFound, path);
        }
    }

    private static IEnumerable<(string Name, JsonNode Operation)> Operations(JsonNode document) =>
        from path in document["paths"]!.AsObject()
        from operation in path.Value!.AsObject()
        select ($"{operation.Key.ToUpperInvariant()} {path.Key}", operation.Value!);

    private static IEnumerable<string> References(JsonNode? node) => node switch
    {
        JsonObject members => members.SelectMany(member => member.Key == "$ref" ? [member.Value!.GetValue<string>()] : References(member.Value)),
        JsonArray elements => elements.SelectMany(References),
        _ => [],
    };

    private IEnumerable<(string Name, bool Open)> Routes() =>
        from endpoint in gateway.Services.GetRequiredService<EndpointDataSource>().Endpoints.OfType<RouteEndpoint>()
        from method in endpoint.Metadata.GetMetadata<IHttpMethodMetadata>()!.HttpMethods
        select ($"{method} {endpoint.RoutePattern.RawText!.Replace("{**", "{", StringComparison.Ordinal)}", endpoint.Metadata.GetMetadata<IAllowAnonymous>() is not null);

    private async Task<JsonNode> DocumentAsync()
    {
        using var client = gateway.Client(key: null);
        return JsonNode.Parse(await client.GetStringAsync("/openapi/v1.json"))!;
    }
}
