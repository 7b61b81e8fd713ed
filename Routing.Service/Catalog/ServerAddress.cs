namespace LlmGateway.Routing.Catalog;

/// <summary>The root of an OpenAI-compatible API, however people write it.</summary>
internal static class ServerAddress
{
    private static readonly string[] Endings = ["/chat/completions", "/completions", "/models"];

    /// <summary>
    /// http://host:8080, http://host:8080/v1, http://host:8080/v1/completions and each with a slash at the end give
    /// http://host:8080/v1/. Null when it is no http or https address.
    /// </summary>
    /// <param name="text">As written.</param>
    /// <param name="root">The API's path, where the address has none.</param>
    public static Uri? TryParse(string text, string root = "/v1/")
    {
        var trimmed = text.TrimEnd('/');
        if (Array.Find(Endings, ending => trimmed.EndsWith(ending, StringComparison.OrdinalIgnoreCase)) is { } known)
        {
            trimmed = trimmed[..^known.Length];
        }

        if (!Uri.TryCreate(trimmed, UriKind.Absolute, out var address)
            || (address.Scheme != Uri.UriSchemeHttp && address.Scheme != Uri.UriSchemeHttps))
        {
            return null;
        }

        return new Uri(address.AbsolutePath == "/" ? trimmed + root : trimmed + "/");
    }
}
