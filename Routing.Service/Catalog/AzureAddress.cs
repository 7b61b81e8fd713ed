namespace LlmGateway.Routing.Catalog;

/// <summary>
/// Where a deployment of Azure OpenAI is. With a dated version, the path names the deployment; without one, or with "v1", "preview" or "latest",
/// the body does:
/// <code>
/// {endpoint}/openai/deployments/{deployment}/chat/completions?api-version=2024-10-21
/// {endpoint}/openai/v1/chat/completions
/// </code>
/// Source: learn.microsoft.com/azure/ai-foundry/openai/reference and /api-version-lifecycle.
/// </summary>
/// <param name="Root">With a slash at the end.</param>
/// <param name="Version">Null where the address needs none.</param>
internal sealed record AzureAddress(Uri Root, string? Version)
{
    private const string Path = "/openai";

    /// <param name="endpoint">The resource's: https://NAME.openai.azure.com, with or without /openai and more behind it.</param>
    /// <param name="deployment">Azure's name of it.</param>
    /// <param name="version">Empty for none.</param>
    /// <returns>Null when the endpoint is no http or https address.</returns>
    public static AzureAddress? TryParse(string endpoint, string deployment, string version)
    {
        var path = endpoint.IndexOf(Path, StringComparison.OrdinalIgnoreCase);
        var isDated = version.Length > 0 && char.IsAsciiDigit(version[0]);
        var resource = (path < 0 ? endpoint : endpoint[..path]).TrimEnd('/');
        var root = isDated ? $"{resource}{Path}/deployments/{Uri.EscapeDataString(deployment)}/" : $"{resource}{Path}/v1/";
        return Uri.TryCreate(root, UriKind.Absolute, out var address) && (address.Scheme == Uri.UriSchemeHttp || address.Scheme == Uri.UriSchemeHttps)
            ? new AzureAddress(address, isDated ? version : null)
            : null;
    }
}
