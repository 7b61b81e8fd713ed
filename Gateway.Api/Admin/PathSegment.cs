using Microsoft.AspNetCore.Http.Features;

namespace LlmGateway.Gateway.Admin;

/// <summary>A route value, decoded exactly once. A name may have slashes, which clients escape.</summary>
internal static class PathSegment
{
    private const string Slash = "%2F";

    /// <summary>Null where the address is too odd to tell.</summary>
    public static string? Of(HttpContext context, string name)
    {
        // The server decodes everything but %2F. So a slash (sent as %2F) and a literal "%2F" (sent as %252F) look the same here, and only
        // what was sent tells them apart.
        var routed = (string)context.GetRouteValue(name)!;
        return routed.Contains(Slash, StringComparison.OrdinalIgnoreCase) ? Sent(context, routed) : routed;
    }

    private static string? Sent(HttpContext context, string routed)
    {
        var target = context.Features.GetRequiredFeature<IHttpRequestFeature>().RawTarget;
        var query = target.IndexOf('?', StringComparison.Ordinal);
        return (query < 0 ? target : target[..query]).Split('/').Select(Uri.UnescapeDataString).LastOrDefault(decoded =>
            decoded.Replace("/", Slash, StringComparison.Ordinal).Equals(routed, StringComparison.OrdinalIgnoreCase));
    }
}
