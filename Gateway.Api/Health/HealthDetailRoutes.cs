using System.Text.Json.Serialization.Metadata;
using LlmGateway.Gateway.Authentication;
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
        HttpContext context, HealthReports reports, ServiceHealth services, IConfiguration configuration, IHostEnvironment environment)
    {
        var asking = services.AskAsync(context.RequestAborted);
        var state = await reports.ReadAsync(context.RequestAborted);
        var instances = await asking;
        context.Response.StatusCode = state.Report.Status == HealthStatus.Unhealthy ? StatusCodes.Status503ServiceUnavailable : StatusCodes.Status200OK;
        var components = state.Report.Entries.ToDictionary(
            entry => entry.Key,
            entry => new ComponentBody(
                HealthEndpoints.Name(entry.Value),
                entry.Value.Description,
                CheckLatency.MillisecondsOf(entry.Value),
                state.Since[entry.Key].UtcDateTime,
                instances.GetValueOrDefault(entry.Key)));
        var body = new DetailedHealthBody(
            HealthEndpoints.Name(state.Report.Status),
            ProductVersion.Of(configuration),
            environment.EnvironmentName.ToLowerInvariant(),
            state.Time.UtcDateTime,
            CheckLatency.Milliseconds(state.Report.TotalDuration),
            components);
        await WriteAsync(context, body, HealthDetailsJson.Wire.DetailedHealthBody);
    }

    private static Task HistoryAsync(HttpContext context, HealthHistory history) =>
        WriteAsync(context, new HealthHistoryBody(history.Results), HealthDetailsJson.Wire.HealthHistoryBody);

    private static Task MonitoringAsync(HttpContext context, MonitoringState monitoring) =>
        WriteAsync(context, monitoring.Read(), HealthDetailsJson.Wire.MonitoringBody);

    private static Task SystemAsync(HttpContext context, SystemState system) =>
        WriteAsync(context, system.Read(), HealthDetailsJson.Wire.SystemBody);

    private static Task WriteAsync<T>(HttpContext context, T body, JsonTypeInfo<T> type)
    {
        context.Response.Headers.CacheControl = "no-store";
        return context.WriteJsonAsync(body, type);
    }
}
