using LlmGateway.Gateway.Authentication;
using LlmGateway.Gateway.Web;
using LlmGateway.ServiceDefaults;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace LlmGateway.Gateway.Health;

/// <summary>More of the system's health than whether it is well: for anybody outside production, else for those who run it.</summary>
internal static class HealthDetailRoutes
{
    public static void MapHealthDetails(this IEndpointRouteBuilder routes)
    {
        var arePublic = HealthDetails.ArePublic(routes.ServiceProvider);
        Map("/health/circuit-breakers", CircuitBreakers.GetAsync);
        Map("/health/detailed", DetailedAsync);
        Map("/health/history", HistoryAsync);
        Map("/health/monitoring", MonitoringAsync);
        Map("/health/system", SystemAsync);

        void Map(string path, Delegate handle)
        {
            var route = routes.MapGet(path, handle);
            _ = arePublic ? route.AllowAnonymous() : route.RequireAuthorization(Policies.HealthDetails);
        }
    }

    private static async Task DetailedAsync(
        HttpContext context, HealthCheckService checks, IConfiguration configuration, IHostEnvironment environment, TimeProvider time)
    {
        var report = await checks.CheckHealthAsync(context.RequestAborted);
        context.Response.StatusCode = report.Status == HealthStatus.Unhealthy ? StatusCodes.Status503ServiceUnavailable : StatusCodes.Status200OK;
        context.Response.Headers.CacheControl = "no-store";
        var components = report.Entries.ToDictionary(
            entry => entry.Key,
            entry => new ComponentBody(HealthWords.Of(entry.Value.Status), entry.Value.Description, Milliseconds(entry.Value.Duration)));
        var body = new DetailedHealthBody(
            HealthWords.Of(report.Status),
            ProductVersion.Of(configuration),
            environment.EnvironmentName.ToLowerInvariant(),
            time.GetUtcNow().UtcDateTime,
            Milliseconds(report.TotalDuration),
            components);
        await context.WriteJsonAsync(body, HealthDetailsJson.Wire.DetailedHealthBody);
    }

    private static Task HistoryAsync(HttpContext context, HealthHistory history) =>
        WriteAsync(context, new HealthHistoryBody(history.Results), HealthDetailsJson.Wire.HealthHistoryBody);

    private static Task MonitoringAsync(HttpContext context, IConfiguration configuration) => WriteAsync(
        context,
        new MonitoringBody(
            new(configuration.GetValue("Prometheus:Enabled", defaultValue: true)),
            new(!string.IsNullOrEmpty(configuration["OTEL_EXPORTER_OTLP_ENDPOINT"])),
            new(!string.IsNullOrEmpty(configuration["Sentry:Dsn"])),
            new(configuration.GetValue("Langfuse:Enabled", defaultValue: false))),
        HealthDetailsJson.Wire.MonitoringBody);

    private static Task SystemAsync(HttpContext context, ConnectionCount connections, IHostEnvironment environment, TimeProvider time) =>
        WriteAsync(context, SystemState.Of(connections, environment, time), HealthDetailsJson.Wire.SystemBody);

    private static Task WriteAsync<T>(HttpContext context, T body, System.Text.Json.Serialization.Metadata.JsonTypeInfo<T> type)
    {
        context.Response.Headers.CacheControl = "no-store";
        return context.WriteJsonAsync(body, type);
    }

    private static double Milliseconds(TimeSpan duration) => Math.Round(duration.TotalMilliseconds, 1);
}
