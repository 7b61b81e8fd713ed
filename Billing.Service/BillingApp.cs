using LlmGateway.Billing.Alerts;
using LlmGateway.Billing.Grpc;
using LlmGateway.Billing.Ledger;
using LlmGateway.ServiceDefaults;
using LlmGateway.ServiceDefaults.Metrics;

namespace LlmGateway.Billing;

/// <summary>Table of contents. Hosted services start in this order, and all of them before the first call is accepted.</summary>
internal static class BillingApp
{
    public static void AddBilling(this IHostApplicationBuilder builder)
    {
        builder.Services.AddBillingOptions();
        builder.Services.AddSingleton<BillingMetrics>();
        builder.AddMetricTable(BillingMetricTable.Table);

        builder.AddLedgerDatabase();   // Data/
        builder.AddPricing();          // Pricing/
        builder.AddLedger();           // Ledger/
        builder.AddAlerts();           // Alerts/
        builder.AddGrpcDefaults(grpc => grpc.Interceptors.Add<LostDatabaseInterceptor>());   // Grpc/
    }

    public static void MapBilling(this WebApplication app)
    {
        app.MapGrpcService<BillingGrpc>();
        app.MapGrpcService<PricesGrpc>();
        app.MapGrpcService<AlertsGrpc>();
        app.MapGrpcService<LedgerGrpc>();
        app.MapGrpcService<UsageGrpc>();
    }
}
