using LlmGateway.Gateway.Limits;
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
        builder.AddGrpcServiceClient<KeysAdminApi.KeysAdminApiClient>("keys", ForAdministration);
        builder.AddGrpcServiceClient<BillingApi.BillingApiClient>("billing");
        builder.AddGrpcServiceClient<PricesApi.PricesApiClient>("billing", ForPrices);
        builder.AddGrpcServiceClient<AlertsApi.AlertsApiClient>("billing");
        builder.AddGrpcServiceClient<UsageApi.UsageApiClient>("billing", ForReports);
        builder.AddGrpcServiceClient<LedgerApi.LedgerApiClient>("billing", ForLedger);

        var limits = builder.Configuration.GetSection(RequestLimits.Section).Get<RequestLimits>() ?? new();
        builder.AddGrpcServiceClient<RoutingApi.RoutingApiClient>("routing", client => client.MaxMessageBytes = limits.MaxBodyBytes + Around);

        builder.AddGrpcServiceClient<DeploymentsApi.DeploymentsApiClient>("routing");
        builder.AddGrpcServiceClient<CatalogApi.CatalogApiClient>("routing", client => client.MaxMessageBytes = limits.MaxBodyBytes + Around);

        // Its own check would make the gateway unhealthy; see Health/. Who counts in memory need not have a Redis.
        if (builder.Configuration.GetConnectionString("redis") is { Length: > 0 } || !LimitsRegistration.AreInMemory(builder.Configuration))
        {
            builder.AddRedisClient("redis", settings => settings.DisableHealthChecks = true, options => options.AbortOnConnectFail = false);
        }
    }

    // The same options serve BillingApi, whose methods have other names. A rerating looks at thousands of charges.
    private static void ForPrices(GrpcServiceClientOptions client)
    {
        foreach (var method in PricesApi.Descriptor.Methods)
        {
            client.MethodDeadlines[method.Name] = TimeSpan.FromSeconds(10);
        }

        client.MethodDeadlines[nameof(PricesApi.PricesApiClient.Rerate)] = TimeSpan.FromSeconds(60);
    }

    // Nobody's call waits for these: a year of all accounts may take its time.
    private static void ForReports(GrpcServiceClientOptions client)
    {
        client.MethodDeadlines[nameof(UsageApi.UsageApiClient.ReportSpend)] = TimeSpan.FromSeconds(30);
        client.MethodDeadlines[nameof(UsageApi.UsageApiClient.GetTotals)] = TimeSpan.FromSeconds(10);
    }

    // A booking waits for its account's turn; how long a verification may take is Billing's to say, an hour at most.
    private static void ForLedger(GrpcServiceClientOptions client)
    {
        client.MethodDeadlines[nameof(LedgerApi.LedgerApiClient.TopUp)] = TimeSpan.FromSeconds(10);
        client.MethodDeadlines[nameof(LedgerApi.LedgerApiClient.Refund)] = TimeSpan.FromSeconds(10);
        client.MethodDeadlines[nameof(LedgerApi.LedgerApiClient.Adjust)] = TimeSpan.FromSeconds(10);
        client.MethodDeadlines[nameof(LedgerApi.LedgerApiClient.SetOverdraft)] = TimeSpan.FromSeconds(10);
        client.MethodDeadlines[nameof(LedgerApi.LedgerApiClient.Verify)] = TimeSpan.FromSeconds(3_610);
    }

    // The same options serve KeysApi, whose methods have other names. Nobody's call waits for these, and an answer lost to a deadline could
    // have had a new key in it.
    private static void ForAdministration(GrpcServiceClientOptions client)
    {
        foreach (var method in KeysAdminApi.Descriptor.Methods)
        {
            client.MethodDeadlines[method.Name] = TimeSpan.FromSeconds(10);
        }

        client.MethodDeadlines[nameof(KeysAdminApi.KeysAdminApiClient.ImportKeys)] = TimeSpan.FromSeconds(60);

        // 10,000 imported keys, or a page of 200 whose lists of models are as long as they may be.
        client.MaxMessageBytes = 64 * 1024 * 1024;
    }
}
