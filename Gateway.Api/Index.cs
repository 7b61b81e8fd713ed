using System.Text.Json;
using System.Text.Json.Serialization;
using LlmGateway.ServiceDefaults;

namespace LlmGateway.Gateway;

/// <summary>GET /: says what this is and what it takes.</summary>
internal static class Index
{
    private const string Name = "LlmGateway";

    public static void MapIndex(this IEndpointRouteBuilder routes)
    {
        var configuration = routes.ServiceProvider.GetRequiredService<IConfiguration>();

        // The routes are complete only when the first request comes.
        var body = new Lazy<IndexBody>(() => new(Name, ProductVersion.Of(configuration), [.. Endpoints(routes)]));
        routes.MapGet("/", context => context.WriteJsonAsync(body.Value, IndexJson.Wire.IndexBody)).AllowAnonymous();
    }

    private static IEnumerable<string> Endpoints(IEndpointRouteBuilder routes) =>
        from endpoint in routes.DataSources.SelectMany(source => source.Endpoints).OfType<RouteEndpoint>()
        from method in endpoint.Metadata.GetMetadata<IHttpMethodMetadata>()?.HttpMethods ?? ["GET"]
        orderby endpoint.RoutePattern.RawText
        select $"{method} {endpoint.RoutePattern.RawText!.Replace("{**", "{")}";
}

internal sealed record IndexBody(string Name, string Version, IReadOnlyList<string> Endpoints);

[JsonSerializable(typeof(IndexBody))]
internal sealed partial class IndexJson : JsonSerializerContext
{
    public static IndexJson Wire { get; } = new(new JsonSerializerOptions(JsonAnswer.Options));
}
