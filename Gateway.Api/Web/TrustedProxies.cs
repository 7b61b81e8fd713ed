using System.ComponentModel.DataAnnotations;
using System.Net;
using LlmGateway.ServiceDefaults;
using Microsoft.AspNetCore.HttpOverrides;
using Microsoft.Extensions.Options;
using IPNetwork = System.Net.IPNetwork;

namespace LlmGateway.Gateway.Web;

/// <summary>Proxies whose <c>X-Forwarded-For</c> and <c>X-Forwarded-Proto</c> are believed; anybody else's are not. Section <c>Proxies</c>.</summary>
internal sealed class TrustedProxies
{
    public const string Section = "Proxies";

    /// <summary>A comma list of addresses and networks: <c>10.0.0.7, 192.168.0.0/16</c>; empty trusts none.</summary>
    public string Trusted { get; set; } = "";

    /// <summary>How many proxies a request comes through, one after the other.</summary>
    [Range(1, 10)]
    public int Hops { get; set; } = 1;

    public IReadOnlyList<string> List => StringList.Parse(Trusted) ?? [];

    public ForwardedHeadersOptions ToForwardedHeaders()
    {
        var forwarded = new ForwardedHeadersOptions
        {
            ForwardedHeaders = ForwardedHeaders.XForwardedFor | ForwardedHeaders.XForwardedProto,
            ForwardLimit = Hops,
        };

        // Not loopback either, unless it is named.
        forwarded.KnownProxies.Clear();
        forwarded.KnownIPNetworks.Clear();
        foreach (var entry in List)
        {
            forwarded.KnownIPNetworks.Add(Network(entry)!.Value);
        }

        return forwarded;
    }

    private static IPNetwork? Network(string text) =>
        IPAddress.TryParse(text, out var address) ? new IPNetwork(address, address.GetAddressBytes().Length * 8)
        : IPNetwork.TryParse(text, out var network) ? network
        : null;

    internal sealed class Validator(IConfiguration configuration) : IValidateOptions<TrustedProxies>
    {
        public ValidateOptionsResult Validate(string? name, TrustedProxies options)
        {
            List<string> faults = [.. options.List.Where(entry => Network(entry) is null)
                .Select(entry => $"Proxies:Trusted: '{entry}' is neither an address nor a network such as 10.0.0.0/8.")];
            if (configuration.GetValue("ForwardedHeaders_Enabled", defaultValue: false))
            {
                faults.Add("ASPNETCORE_FORWARDEDHEADERS_ENABLED believes every client: name the proxies in Proxies:Trusted instead.");
            }

            return faults.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(faults);
        }
    }
}
