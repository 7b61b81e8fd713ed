using System.Diagnostics;
using LlmGateway.ServiceDefaults.Export;
using LlmGateway.ServiceDefaults.Export.Sentry;
using LlmGateway.ServiceDefaults.Metrics;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using OpenTelemetry;
using OpenTelemetry.Logs;
using OpenTelemetry.Metrics;
using OpenTelemetry.Resources;
using OpenTelemetry.Trace;

namespace LlmGateway.ServiceDefaults;

/// <summary>
/// Traces, metrics and logs over OTLP, when <c>OTEL_EXPORTER_OTLP_ENDPOINT</c> is set, provider calls for Langfuse, errors and transactions for
/// Sentry, and metrics for /metrics. The providers are built here rather than by
/// OpenTelemetry.Extensions.Hosting and the instrumentation packages, because the framework's own sources and meters carry the same
/// data and both package feeds have what this needs.
/// </summary>
internal static class Telemetry
{
    // What is needed for one trace through all processes, and what it is looked into with.
    private static readonly string[] Sources = ["Microsoft.AspNetCore", "LlmGateway.*"];
    private static readonly string[] Details = ["System.Net.Http", "Npgsql"];

    public static void AddTelemetry(this IHostApplicationBuilder builder)
    {
        var otlp = OtlpSettings.Read(builder.Configuration);
        foreach (var table in FrameworkMetrics.Tables)
        {
            builder.AddMetricTable(table);
        }

        var langfuse = LangfuseOptions.Read(builder.Configuration);
        var sentry = builder.AddSentry();
        builder.Services.AddOptions<LangfuseOptions>().BindConfiguration(LangfuseOptions.Section).ValidateOnStart();
        builder.Services.AddSingleton<IValidateOptions<LangfuseOptions>, LangfuseOptionsCheck>();
        builder.Services.AddSingleton<ExportTally>();
        var traced = otlp is not null || langfuse is not null || sentry;
        builder.Services.AddHostedService(services => new TelemetryProviders(
            () => traced ? BuildTracing(services, otlp, langfuse) : null, () => BuildMetrics(services, otlp)));
        if (traced)
        {
            // Without this the server's spans carry neither method nor route: http.* and url.* are off by default in .NET 10.
            AppContext.SetSwitch("Microsoft.AspNetCore.Hosting.SuppressActivityOpenTelemetryData", isEnabled: false);
            builder.Services.AddSingleton<IStartupFilter, ServerSpans>();
            builder.Services.AddSingleton<DistributedContextPropagator, TraceParentPropagator>();
        }

        if (otlp is null)
        {
            return;
        }

        builder.Logging.AddOpenTelemetry();
        builder.Services.AddOptions<OpenTelemetryLoggerOptions>().Configure<IServiceProvider>((logs, services) =>
        {
            logs.IncludeFormattedMessage = true;
            logs.IncludeScopes = true;
            logs.SetResourceBuilder(Resource(services));
            logs.AddProcessor(OtlpExport.Logs(otlp, services.GetRequiredService<ExportTally>()));
        });
    }

    /// <summary>Name, version and instance of this process.</summary>
    public static IReadOnlyDictionary<string, object> Describe(IServiceProvider services) => Resource(services).Build().Attributes
        .Where(attribute => attribute.Key is "service.name" or "service.version" or "service.instance.id")
        .ToDictionary(attribute => attribute.Key, attribute => attribute.Value);

    private static TracerProvider BuildTracing(IServiceProvider services, OtlpSettings? otlp, LangfuseOptions? langfuse)
    {
        var (configuration, environment) = (services.GetRequiredService<IConfiguration>(), services.GetRequiredService<IHostEnvironment>());
        var tally = services.GetRequiredService<ExportTally>();
        var sentry = services.GetService<SentryTransactions>();
        var builder = Sdk.CreateTracerProviderBuilder()
            .ConfigureServices(own => own.AddSingleton(configuration))
            .SetResourceBuilder(Resource(services))
            .AddSource([.. Sources, environment.ApplicationName])
            .AddProcessor(new SpanScrubber());
        if (otlp is not null || sentry is { IsOn: true })
        {
            builder.AddSource(Details);
        }

        if (langfuse is not null)
        {
            builder.AddProcessor(new LangfuseExport(langfuse, new OtlpSettings(configuration).Batch("OTEL_BSP"), tally, environment.EnvironmentName));
        }

        if (otlp is not null)
        {
            builder.AddProcessor(OtlpExport.Spans(otlp, tally));
        }

        return (sentry is null ? builder : builder.AddProcessor(sentry)).Build();
    }

    private static MeterProvider? BuildMetrics(IServiceProvider services, OtlpSettings? otlp)
    {
        var page = services.GetService<PrometheusPage>();
        if (page is null && otlp is null)
        {
            return null;
        }

        var tables = services.GetServices<MetricTable>().ToList();
        var builder = Sdk.CreateMeterProviderBuilder()
            .ConfigureServices(own => own.AddSingleton(services.GetRequiredService<IConfiguration>()))
            .SetResourceBuilder(Resource(services))
            .AddMeter([.. tables.Select(table => table.MeterName), "LlmGateway.*", services.GetRequiredService<IHostEnvironment>().ApplicationName])
            .AddView(new MetricViews(tables).Of);
        if (page is not null)
        {
            builder.AddReader(new BaseExportingMetricReader(page.Exporter));
        }

        if (otlp is not null)
        {
            builder.AddOtlpExporter();
        }

        return builder.Build();
    }

    private static ResourceBuilder Resource(IServiceProvider services) =>
        Resource(services.GetRequiredService<IConfiguration>(), services.GetRequiredService<IHostEnvironment>());

    // The environment's attributes come last and win: Aspire gives each process its service.instance.id there.
    private static ResourceBuilder Resource(IConfiguration configuration, IHostEnvironment environment) => ResourceBuilder.CreateEmpty()
        .AddService(configuration["OTEL_SERVICE_NAME"] ?? environment.ApplicationName, serviceVersion: ProductVersion.Of(configuration))
        .AddTelemetrySdk()
        .AddEnvironmentVariableDetector();

    /// <summary>
    /// Registered before everything else that runs in the host, so that it listens before the first migration and the first request,
    /// and is stopped after the last.
    /// </summary>
    private sealed class TelemetryProviders(Func<TracerProvider?> buildTracing, Func<MeterProvider?> buildMetrics) : IHostedService, IDisposable
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
