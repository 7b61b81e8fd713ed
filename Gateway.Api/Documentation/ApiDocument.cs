using System.Text.Json;
using System.Text.Json.Nodes;
using LlmGateway.ServiceDefaults;

namespace LlmGateway.Gateway.Documentation;

/// <summary>GET /openapi/v1.json: openapi.json beside this file, with the version that runs.</summary>
/// <remarks>
/// Kept by hand, because the endpoints that matter read their bodies as bytes and pass on what they do not know: a generator sees neither
/// their fields nor their errors. Tests hold it to the endpoint table, both ways, and its schemas to the types that are written.
/// </remarks>
internal sealed class ApiDocument(IConfiguration configuration)
{
    public const string Path = "/openapi/v1.json";

    private readonly Lazy<byte[]> _json = new(() => Read(ProductVersion.Of(configuration)));

    public async Task GetAsync(HttpContext context)
    {
        context.Response.ContentType = "application/json";
        context.Response.ContentLength = _json.Value.Length;
        await context.Response.Body.WriteAsync(_json.Value, context.RequestAborted);
    }

    private static byte[] Read(string version)
    {
        using var resource = typeof(ApiDocument).Assembly.GetManifestResourceStream("openapi.json")!;
        var document = JsonNode.Parse(resource)!;
        document["info"]!["version"] = version;
        using var output = new MemoryStream();
        using (var json = new Utf8JsonWriter(output))
        {
            document.WriteTo(json);
        }

        return output.ToArray();
    }
}
