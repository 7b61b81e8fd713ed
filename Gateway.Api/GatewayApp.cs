using LlmGateway.Gateway.Account;
using LlmGateway.Gateway.Admin;
using LlmGateway.Gateway.Anthropic;
using LlmGateway.Gateway.Authentication;
using LlmGateway.Gateway.Caching;
using LlmGateway.Gateway.Calls;
using LlmGateway.Gateway.Clients;
using LlmGateway.Gateway.Documentation;
using LlmGateway.Gateway.Health;
using LlmGateway.Gateway.Limits;
using LlmGateway.Gateway.OpenAi;
using LlmGateway.Gateway.Web;
using LlmGateway.ServiceDefaults.Metrics;

namespace LlmGateway.Gateway;

/// <summary>The table of contents: what the gateway is made of, and the order in which a request meets it.</summary>
internal static class GatewayApp
{
    public static void AddGateway(this IHostApplicationBuilder builder)
    {
        builder.AddWeb();                 // Web/
        builder.AddServiceClients();      // Clients/
        builder.AddKeyAuthentication();   // Authentication/
        builder.AddLimits();              // Limits/
        builder.AddCaching();             // Caching/
        builder.AddCalls();               // Calls/
        builder.AddOpenAi();              // OpenAi/
        builder.AddAnthropic();           // Anthropic/
        builder.AddAdmin();               // Admin/
        builder.AddDocumentation();       // Documentation/
        builder.AddHealth();              // Health/
        builder.Services.AddSingleton<GatewayMetrics>();
        builder.AddMetricTable(GatewayMetricTable.Table);
        builder.Services.AddOptions<BalanceGaugeOptions>().BindConfiguration(BalanceGaugeOptions.Section).ValidateDataAnnotations().ValidateOnStart();
        builder.Services.AddHostedService<BalanceGauge>();
    }

    public static void UseGateway(this WebApplication app)
    {
        app.UseTrustedProxies();
        app.UseMiddleware<AnswerHeaders>();
        app.UseMiddleware<ErrorBoundary>();
        app.UseMiddleware<RequestCheck>();
        app.UseRouting();
        app.UseMiddleware<AllowedHosts>();
        app.UseCrossOrigin();
        app.UseMiddleware<AddressGate>();
        app.UseDocumentation();
        app.UseMiddleware<UnknownRoutes>();
        app.UseRequestDecompression();
        app.UseAuthentication();
        app.UseAuthorization();
        app.UseMiddleware<ReadLimits>();
    }

    public static void MapGateway(this IEndpointRouteBuilder routes)
    {
        routes.MapIndex();     // Index.cs
        routes.MapTokens();    // Authentication/
        routes.MapOpenAi();    // OpenAi/
        routes.MapAnthropic(); // Anthropic/
        routes.MapAccount();   // Account/
        routes.MapUsage();
        routes.MapRateLimit();
        routes.MapGenerations();
        routes.MapAdmin();     // Admin/
        routes.MapDocumentation();     // Documentation/
        routes.MapHealthDetails();     // Health/
    }
}
