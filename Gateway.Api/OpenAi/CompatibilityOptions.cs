namespace LlmGateway.Gateway.OpenAi;

/// <summary>Answers in the form that clients of earlier gateways expect. Section <c>Compat</c>.</summary>
internal sealed class CompatibilityOptions
{
    public const string Section = "Compat";

    /// <summary>GET /v1/models gives the bare array, unless the request says otherwise.</summary>
    public bool ModelsAsArray { get; set; }
}
