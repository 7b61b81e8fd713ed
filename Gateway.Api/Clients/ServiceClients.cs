using LlmGateway.Gateway.OpenAi;
using LlmGateway.Protos.Billing.V1;
using LlmGateway.Protos.Keys.V1;
using LlmGateway.Protos.Routing.V1;
using LlmGateway.ServiceDefaults;

namespace LlmGateway.Gateway.Clients;

internal static class ServiceClients
{
    // Beside the body: names, ids, the answer's framing.
    private const int Around = 1024 * 1024;

    public static void AddServiceClients(this IHostApplicationBuilder builder)
    {
        builder.AddGrpcServiceClient<KeysApi.KeysApiClient>("keys");
        builder.AddGrpcServiceClient<BillingApi.BillingApiClient>("billing");

        var limits = builder.Configuration.GetSection(RequestLimits.Section).Get<RequestLimits>() ?? new();
        builder.AddGrpcServiceClient<RoutingApi.RoutingApiClient>("routing", client => client.MaxMessageBytes = limits.MaxBodyBytes + Around);

        // Its own check would make the gateway unhealthy; see Health/.
        builder.AddRedisClient("redis", settings => settings.DisableHealthChecks = true, options => options.AbortOnConnectFail = false);
    }
}
