using System.Net;
using Microsoft.Extensions.Options;

namespace LlmGateway.ServiceDefaults.Metrics;

/// <summary>GET /metrics; section <c>Prometheus</c>.</summary>
public sealed class PrometheusOptions
{
    public const string Section = "Prometheus";

    /// <summary>False: there is no /metrics, and nothing is counted for it.</summary>
    public bool Enabled { get; set; } = true;

    /// <summary>
    /// An address of its own, as <c>http://localhost:9464</c> or <c>http://0.0.0.0:9464</c>: then /metrics is there only, and nothing else is. Unset:
    /// on the service's <c>http</c> endpoint, which for the gateway is the one that clients use.
    /// </summary>
    public string? Url { get; set; }

    /// <summary>
    /// Comma-separated addresses and networks (<c>10.0.0.0/8</c>) that may read it; all others get 403. The connection's address counts, not what a
    /// proxy says of it. Unset: everybody may.
    /// </summary>
    public string? AllowedNetworks { get; set; }

    internal int? Port => Url is { Length: > 0 } && Uri.TryCreate(Url, UriKind.Absolute, out var url) ? url.Port : null;

    internal IPNetwork[]? Networks() => string.IsNullOrWhiteSpace(AllowedNetworks) ? null : [.. Parts().Select(part => Parse(part)!.Value)];

    internal IEnumerable<string> Parts() => (AllowedNetworks ?? "").Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);

    internal static IPNetwork? Parse(string text)
    {
        if (IPNetwork.TryParse(text, out var network))
        {
            return network;
        }

        return IPAddress.TryParse(text, out var address) ? new IPNetwork(address, address.GetAddressBytes().Length * 8) : null;
    }
}

internal sealed class PrometheusOptionsCheck : IValidateOptions<PrometheusOptions>
{
    public ValidateOptionsResult Validate(string? name, PrometheusOptions options)
    {
        var errors = new List<string>();
        if (options.Url is { Length: > 0 } text
            && (!Uri.TryCreate(text, UriKind.Absolute, out var url) || url.Scheme != Uri.UriSchemeHttp || url.Port == 0 || url.AbsolutePath != "/"))
        {
            errors.Add($"Prometheus:Url: '{text}' is not an address such as http://localhost:9464.");
        }

        errors.AddRange(options.Parts().Where(part => PrometheusOptions.Parse(part) is null)
            .Select(part => $"Prometheus:AllowedNetworks: '{part}' is neither an address nor a network such as 10.0.0.0/8."));
        return errors.Count > 0 ? ValidateOptionsResult.Fail(errors) : ValidateOptionsResult.Success;
    }
}
