using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using LlmGateway.Gateway.Tests.Hosting;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace LlmGateway.Gateway.Tests.Conformance;

/// <summary>A path of the gateway's own endpoint table, with the methods that it takes and, where it takes one, an example of a body for each.</summary>
internal sealed record Endpoint(string Path, IReadOnlyList<string> Methods, IReadOnlyDictionary<string, string> Bodies)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(1);

    /// <summary>The path with something in the place of its parameters.</summary>
    public string Address => With("some-id");

    public string With(string parameter) => Regex.Replace(Path, "{[^}]*}", parameter, RegexOptions.None, Patience);

    public bool Fits(string address) =>
        Regex.IsMatch(address, $"^{With(Path.StartsWith("/v1/models/", StringComparison.Ordinal) ? ".+" : "[^/]+")}$", RegexOptions.None, Patience);

    public static async Task<IReadOnlyList<Endpoint>> AllAsync(GatewayHost gateway)
    {
        using var client = gateway.Client(key: null);
        var paths = JsonNode.Parse(await client.GetStringAsync("/openapi/v1.json"))!["paths"]!;
        var routes =
            from route in gateway.Services.GetRequiredService<EndpointDataSource>().Endpoints.OfType<RouteEndpoint>()
            from method in route.Metadata.GetMetadata<IHttpMethodMetadata>()!.HttpMethods
            group method by route.RoutePattern.RawText!.Replace("{**", "{", StringComparison.Ordinal);
        return [.. routes.Select(route => new Endpoint(route.Key, [.. route], BodiesOf(paths[route.Key]!, route)))];
    }

    private static Dictionary<string, string> BodiesOf(JsonNode path, IEnumerable<string> methods) =>
        (from method in methods
         let body = path[method.ToLowerInvariant()]?["requestBody"]
         where body is not null
         select (method, body["content"]!["application/json"]!["example"]?.ToJsonString() ?? "{}")).ToDictionary();
}
