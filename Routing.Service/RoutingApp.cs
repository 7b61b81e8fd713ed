using LlmGateway.Routing.Calls;
using LlmGateway.Routing.Catalog;
using LlmGateway.Routing.Data;
using LlmGateway.Routing.Grpc;
using LlmGateway.Routing.Health;
using LlmGateway.Routing.Images;
using LlmGateway.Routing.Providers;
using LlmGateway.Routing.Selection;
using LlmGateway.ServiceDefaults;
using LlmGateway.ServiceDefaults.Metrics;

namespace LlmGateway.Routing;

internal static class RoutingApp
{
    // A body of 10 MiB, the gateway's limit, and room for what goes with it.
    private const int MaxMessageBytes = 11 * 1024 * 1024;

    // The order is the start's order: the schema before the outbox's sender, the models before their prices.
    public static void AddRouting(this IHostApplicationBuilder builder)
    {
        builder.AddRoutingDatabase();   // Data/
        builder.AddProviders();         // Providers/
        builder.AddImages();            // Images/
        builder.AddSelection();         // Selection/
        builder.AddCatalog();           // Catalog/
        builder.AddHealth();            // Health/
        builder.AddCalls();             // Calls/
        builder.AddGrpcDefaults(grpc => grpc.MaxReceiveMessageSize = MaxMessageBytes);   // Grpc/
        builder.Services.AddSingleton<RoutingMetrics>();
        builder.AddMetricTable(RoutingMetricTable.Table);
    }

    public static void MapRouting(this WebApplication app)
    {
        app.MapGrpcService<RoutingGrpcService>();
        app.MapGrpcService<DeploymentsGrpcService>();
        app.MapGrpcService<CatalogGrpcService>();
    }
}
