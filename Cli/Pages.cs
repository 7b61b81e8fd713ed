using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using LlmGateway.Cli.Connection;

namespace LlmGateway.Cli;

/// <summary>All pages of a list as one answer, in the shape that a single page has.</summary>
internal static class Pages
{
    private const int PageSize = 200;

    private static readonly JsonSerializerOptions Readable = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <param name="gateway">Who is asked.</param>
    /// <param name="path">With a query already, or without one.</param>
    /// <param name="cancellationToken">Ends it.</param>
    public static async Task<GatewayAnswer> AllAsync(GatewayClient gateway, string path, CancellationToken cancellationToken)
    {
        var data = new JsonArray();
        string? cursor = null;
        do
        {
            var separator = path.Contains('?', StringComparison.Ordinal) ? '&' : '?';
            var after = cursor is null ? "" : $"&cursor={Uri.EscapeDataString(cursor)}";
            var page = await gateway.GetAsync($"{path}{separator}limit={PageSize}{after}", cancellationToken);
            foreach (var item in page.Root.GetProperty("data").EnumerateArray())
            {
                data.Add(JsonNode.Parse(item.GetRawText()));
            }

            cursor = page.Root.GetProperty("next_cursor").GetString();
        }
        while (cursor is not null);

        return GatewayAnswer.Of(new JsonObject { ["object"] = "list", ["data"] = data, ["next_cursor"] = null }.ToJsonString(Readable));
    }
}
