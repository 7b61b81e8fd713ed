using System.Diagnostics;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using OpenTelemetry;
using OpenTelemetry.Logs;
using OpenTelemetry.Metrics;
using OpenTelemetry.Resources;
using OpenTelemetry.Trace;

namespace LlmGateway.ServiceDefaults;

/// <summary>
/// Traces, metrics and logs over OTLP, when <c>OTEL_EXPORTER_OTLP_ENDPOINT</c> is set. The providers are built here rather than by
/// OpenTelemetry.Extensions.Hosting and the instrumentation packages, because the framework's own sources and meters carry the same
/// data and both package feeds have what this needs.
/// </summary>
internal static class Telemetry
{
    private static readonly string[] Sources = ["Microsoft.AspNetCore", "System.Net.Http", "Npgsql", "LlmGateway.*"];

    private static readonly string[] Meters =
        ["Microsoft.AspNetCore.Hosting", "Microsoft.AspNetCore.Server.Kestrel", "System.Net.Http", "System.Runtime", "Npgsql", "LlmGateway.*"];

    public static void AddTelemetry(this IHostApplicationBuilder builder)
    {
        if (string.IsNullOrWhiteSpace(builder.Configuration["OTEL_EXPORTER_OTLP_ENDPOINT"]))
        {
            return;
        }

        // Without this the server's spans carry neither method nor route: http.* and url.* are off by default in .NET 10.
        AppContext.SetSwitch("Microsoft.AspNetCore.Hosting.SuppressActivityOpenTelemetryData", isEnabled: false);

        var resource = Resource(builder.Configuration, builder.Environment);
        builder.Logging.AddOpenTelemetry(logs =>
        {
            logs.IncludeFormattedMessage = true;
            logs.IncludeScopes = true;
            logs.SetResourceBuilder(resource);
            logs.AddOtlpExporter();
        });
        builder.Services.AddSingleton<IStartupFilter, ServerSpans>();
        builder.Services.AddSingleton<DistributedContextPropagator, TraceParentPropagator>();
        builder.Services.AddHostedService(services => new TelemetryProviders(
            () => BuildTracing(services, resource), () => BuildMetrics(services, resource)));
    }

    private static TracerProvider BuildTracing(IServiceProvider services, ResourceBuilder resource) => Sdk.CreateTracerProviderBuilder()
        .ConfigureServices(own => own.AddSingleton(services.GetRequiredService<IConfiguration>()))
        .SetResourceBuilder(resource)
        .AddSource([.. Sources, services.GetRequiredService<IHostEnvironment>().ApplicationName])
        .AddProcessor(new SpanScrubber())
        .AddOtlpExporter()
        .Build();

    private static MeterProvider BuildMetrics(IServiceProvider services, ResourceBuilder resource) => Sdk.CreateMeterProviderBuilder()
        .ConfigureServices(own => own.AddSingleton(services.GetRequiredService<IConfiguration>()))
        .SetResourceBuilder(resource)
        .AddMeter([.. Meters, services.GetRequiredService<IHostEnvironment>().ApplicationName])
        .AddOtlpExporter()
        .Build();

    // The environment's attributes come last and win: Aspire gives each process its service.instance.id there.
    private static ResourceBuilder Resource(IConfiguration configuration, IHostEnvironment environment) => ResourceBuilder.CreateEmpty()
        .AddService(configuration["OTEL_SERVICE_NAME"] ?? environment.ApplicationName, serviceVersion: ProductVersion.Of(configuration))
        .AddTelemetrySdk()
        .AddEnvironmentVariableDetector();

    /// <summary>
    /// Registered before everything else that runs in the host, so that it listens before the first migration and the first request,
    /// and is stopped after the last.
    /// </summary>
    private sealed class TelemetryProviders(Func<TracerProvider> buildTracing, Func<MeterProvider> buildMetrics) : IHostedService, IDisposable
    {
        private const int FlushMilliseconds = 5_000;
        private TracerProvider? _tracing;
        private MeterProvider? _metrics;

        public Task StartAsync(CancellationToken cancellationToken)
        {
            _tracing = buildTracing();
            _metrics = buildMetrics();
            return Task.CompletedTask;
        }

        public Task StopAsync(CancellationToken cancellationToken)
        {
            _tracing?.Shutdown(FlushMilliseconds);
            _metrics?.Shutdown(FlushMilliseconds);
            return Task.CompletedTask;
        }

        public void Dispose()
        {
            _tracing?.Dispose();
            _metrics?.Dispose();
        }
    }
}
