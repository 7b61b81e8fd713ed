using System.Collections.Frozen;

namespace LlmGateway.ServiceDefaults;

/// <summary>
/// A request's method as it may be written down: one of HTTP's own, or "_OTHER", the name that OpenTelemetry's conventions have for
/// anything else. A method is any word that the client likes.
/// </summary>
public static class HttpMethodName
{
    private static readonly FrozenSet<string> Known = FrozenSet.Create(
        StringComparer.Ordinal, "GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "CONNECT");

    public static string Of(string method) => Known.TryGetValue(method, out var known) ? known : "_OTHER";
}
