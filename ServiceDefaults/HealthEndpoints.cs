using System.Diagnostics;
using System.Text.Json;
using System.Text.Json.Serialization;
using LlmGateway.ServiceDefaults.Metrics;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Hosting;

namespace LlmGateway.ServiceDefaults;

/// <summary>
/// GET /health (every check), /alive (checks tagged "live"), /ready (checks tagged "ready"), in every environment: production is where
/// they are probed. Degraded answers 200, unhealthy 503. The body names checks and states, never an exception:
/// <code>
/// {"status":"healthy","version":"0.1.0","environment":"production","timestamp":"2026-11-21T10:00:00Z",
///  "checks":{"KeysDbContext":{"status":"healthy","duration_ms":1.2}}}
/// </code>
/// </summary>
public static class HealthEndpoints
{
    public const string Live = "live";
    public const string Ready = "ready";

    private const string State = "state";
    private static readonly Dictionary<string, object> IsDisabled = new() { [State] = "disabled" };

    /// <summary>The operator has turned off what the check is about: nothing is wrong with that, and the body says "disabled".</summary>
    public static HealthCheckResult Disabled(string description) => HealthCheckResult.Healthy(description, IsDisabled);

    internal static void AddDefaultHealthChecks(this IHostApplicationBuilder builder)
    {
        builder.Services.AddHealthChecks().AddCheck("self", () => HealthCheckResult.Healthy(), [Live]);
        builder.Services.AddHealthReports();
    }

    /// <summary>The word that the bodies have for a result.</summary>
    public static string Name(HealthReportEntry entry) =>
        entry.Status == HealthStatus.Healthy && entry.Data.TryGetValue(State, out var state) ? (string)state : Name(entry.Status);

    public static string Name(HealthStatus status) => status switch
    {
        HealthStatus.Healthy => "healthy",
        HealthStatus.Degraded => "degraded",
        _ => "unhealthy",
    };

    public static WebApplication MapDefaultEndpoints(this WebApplication app)
    {
        Map(app, "/health", null);
        Map(app, "/alive", Live);
        Map(app, "/ready", Ready);
        app.MapPrometheus();
        return app;
    }

    private static void Map(WebApplication app, string path, string? tag) =>
        app.MapMethods(path, [HttpMethods.Get, HttpMethods.Head], (HttpContext context) => AnswerAsync(context, tag))
            .AllowAnonymous()
            .DisableHttpMetrics()
            .ExcludeFromDescription();

    private static async Task AnswerAsync(HttpContext context, string? tag)
    {
        LeaveUntraced(Activity.Current);

        var services = context.RequestServices;
        var entries = await ReadAsync(services, tag, context.RequestAborted);
        var status = entries.Select(entry => entry.Value.Status).DefaultIfEmpty(HealthStatus.Healthy).Min();
        var answer = new HealthAnswer(
            Name(status),
            ProductVersion.Of(services.GetRequiredService<IConfiguration>()),
            services.GetRequiredService<IHostEnvironment>().EnvironmentName.ToLowerInvariant(),
            services.GetRequiredService<TimeProvider>().GetUtcNow(),
            entries.ToDictionary(
                entry => entry.Key,
                entry => new HealthAnswerCheck(
                    Name(entry.Value), entry.Value.Description, Math.Round(entry.Value.Duration.TotalMilliseconds, 1))));

        context.Response.StatusCode = status == HealthStatus.Unhealthy
            ? StatusCodes.Status503ServiceUnavailable
            : StatusCodes.Status200OK;
        context.Response.Headers.CacheControl = "no-store";
        await context.Response.WriteAsJsonAsync(answer, HealthJson.Default.HealthAnswer, cancellationToken: context.RequestAborted);
    }

    private static async Task<IReadOnlyList<KeyValuePair<string, HealthReportEntry>>> ReadAsync(
        IServiceProvider services, string? tag, CancellationToken cancellationToken)
    {
        // Whether the process is alive depends on nothing that could be slow.
        if (tag == Live)
        {
            var report = await services.GetRequiredService<HealthCheckService>().CheckHealthAsync(check => check.Tags.Contains(tag), cancellationToken);
            return [.. report.Entries];
        }

        var state = await services.GetRequiredService<HealthReports>().ReadAsync(cancellationToken);
        return [.. state.Report.Entries.Where(entry => tag is null || entry.Value.Tags.Contains(tag))];
    }

    // A probe every few seconds would bury the real requests. Its children (the checks' queries) follow their parent's flag.
    internal static void LeaveUntraced(Activity? activity)
    {
        if (activity is not null)
        {
            activity.ActivityTraceFlags &= ~ActivityTraceFlags.Recorded;
            activity.IsAllDataRequested = false;
        }
    }
}

/// <summary>The body of /health and its like.</summary>
public sealed record HealthAnswer(
    string Status, string Version, string Environment, DateTimeOffset Timestamp, Dictionary<string, HealthAnswerCheck> Checks)
{
    /// <summary>Another service's. Null when it is something else.</summary>
    /// <exception cref="JsonException">It is no JSON, or not of this form.</exception>
    public static HealthAnswer? Parse(ReadOnlySpan<byte> body) =>
        JsonSerializer.Deserialize(body, HealthJson.Default.HealthAnswer) is { Status: not null, Checks: not null } answer ? answer : null;
}

public sealed record HealthAnswerCheck(string Status, string? Description, double DurationMs);

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(HealthAnswer))]
internal sealed partial class HealthJson : JsonSerializerContext;
