using System.Collections.Frozen;
using System.Diagnostics;
using OpenTelemetry;

namespace LlmGateway.ServiceDefaults;

/// <summary>
/// Leaves on the framework's HTTP spans only attributes with values of ours: method, route, status, the addresses that we call. What a
/// client wrote (path, query, Host, User-Agent) may hold a key, and so may the path of a provider's address.
/// </summary>
internal sealed class SpanScrubber : BaseProcessor<Activity>
{
    private const string Url = "url.full";

    // The packages of protos/: their paths are names of methods.
    private const string OwnMethods = "/llmgateway.";

    private static readonly FrozenSet<string> OfServer = FrozenSet.Create(
        StringComparer.Ordinal,
        "error.type", "grpc.method", "grpc.status_code", "http.request.method", "http.response.status_code", "http.route",
        "network.protocol.version", "rpc.method", "rpc.service", "rpc.system", "url.scheme");

    private static readonly FrozenSet<string> OfClient = FrozenSet.Create(
        StringComparer.Ordinal,
        "error.type", "http.request.method", "http.request.resend_count", "http.response.status_code", "network.peer.address",
        "network.peer.port", "network.protocol.version", "server.address", "server.port", Url);

    public override void OnEnd(Activity data)
    {
        switch (data.Source.Name)
        {
            case "Microsoft.AspNetCore":
                Keep(data, OfServer);
                break;

            case "System.Net.Http":
                Keep(data, OfClient);
                if (data.GetTagItem(Url) is string url)
                {
                    data.SetTag(Url, WithoutSecrets(url));
                }

                break;
        }
    }

    internal static string? WithoutSecrets(string url)
    {
        if (!Uri.TryCreate(url, UriKind.Absolute, out var address))
        {
            return null;
        }

        var path = address.AbsolutePath.StartsWith(OwnMethods, StringComparison.Ordinal) ? address.AbsolutePath : "";
        return $"{address.Scheme}://{address.Authority}{path}";
    }

    private static void Keep(Activity span, FrozenSet<string> allowed)
    {
        List<string>? others = null;
        foreach (var tag in span.EnumerateTagObjects())
        {
            if (!allowed.Contains(tag.Key))
            {
                (others ??= []).Add(tag.Key);
            }
        }

        foreach (var key in others ?? [])
        {
            span.SetTag(key, null);
        }
    }
}
