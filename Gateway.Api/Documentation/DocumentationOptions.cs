namespace LlmGateway.Gateway.Documentation;

/// <summary>Whether the gateway describes itself. Section <c>Docs</c>.</summary>
internal sealed class DocumentationOptions
{
    public const string Section = "Docs";

    /// <summary>False takes /docs, /redoc and /openapi/v1.json away.</summary>
    public bool Enabled { get; set; } = true;
}
