using LlmGateway.Gateway.Authentication;
using LlmGateway.Gateway.Tests.Hosting;
using LlmGateway.Protos.Keys.V1;
using Microsoft.Extensions.DependencyInjection;

namespace LlmGateway.Gateway.Tests.Admin;

/// <summary>Keys of each role that the gateway remembers, with no Keys.Service behind it: who is let through gets 503.</summary>
internal static class AdminHost
{
    public static HttpClient ClientOf(this GatewayHost gateway, Role role)
    {
        var secret = $"sk-remembered-{role}";
        gateway.Services.GetRequiredService<KeyDirectory>().Remember(
            SecretHash.Of(secret), new VerifiedKey { AccountId = "admin", KeyId = Guid.NewGuid().ToString(), MaskedKey = "sk-remem...", Role = role });
        return gateway.Client(secret);
    }
}
