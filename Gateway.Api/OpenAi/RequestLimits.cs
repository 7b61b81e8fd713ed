using System.ComponentModel.DataAnnotations;

namespace LlmGateway.Gateway.OpenAi;

/// <summary>What a request may be. Section <c>Requests</c>.</summary>
internal sealed class RequestLimits
{
    public const string Section = "Requests";

    /// <summary>Bytes of a body. Routing takes one MiB more, for what is sent around it.</summary>
    [Range(1024, 256 * 1024 * 1024)]
    public int MaxBodyBytes { get; set; } = 10 * 1024 * 1024;
}
