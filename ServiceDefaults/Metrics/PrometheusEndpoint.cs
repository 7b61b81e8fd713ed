using System.Diagnostics;
using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;

namespace LlmGateway.ServiceDefaults.Metrics;

/// <summary>GET /metrics of a service.</summary>
internal static class PrometheusEndpoint
{
    public const string Path = "/metrics";

    private const string ContentType = "text/plain; version=0.0.4; charset=utf-8";

    public static void AddPrometheus(this IHostApplicationBuilder builder)
    {
        builder.Services.AddOptions<PrometheusOptions>().BindConfiguration(PrometheusOptions.Section).ValidateOnStart();
        builder.Services.AddSingleton<IValidateOptions<PrometheusOptions>, PrometheusOptionsCheck>();
        var options = new PrometheusOptions();
        builder.Configuration.GetSection(PrometheusOptions.Section).Bind(options);
        if (!options.Enabled || new PrometheusOptionsCheck().Validate(null, options).Failed)
        {
            return;
        }

        builder.Services.AddSingleton(services => new PrometheusExporter(services.GetServices<MetricTable>(), Telemetry.Describe(services)));
        builder.Services.AddSingleton<PrometheusPage>();
        if (options.Url is { Length: > 0 } url)
        {
            Listen(builder.Configuration, url);
            builder.Services.AddSingleton<IStartupFilter, OwnAddress>();
        }
    }

    public static void MapPrometheus(this WebApplication app)
    {
        if (app.Services.GetService<PrometheusPage>() is null)
        {
            return;
        }

        app.MapGet(Path, AnswerAsync).AllowAnonymous().DisableHttpMetrics().ExcludeFromDescription();
    }

    // Beside the addresses that there are: Kestrel takes those of its own section and no others, where it has any.
    private static void Listen(IConfigurationManager configuration, string url)
    {
        var endpoints = configuration.GetSection("Kestrel:Endpoints").GetChildren().Any();
        var (key, value) = endpoints
            ? ("Kestrel:Endpoints:metrics:Url", url)
            : ("urls", $"{configuration["urls"] ?? "http://localhost:5000"};{url}");
        configuration.AddInMemoryCollection(new Dictionary<string, string?>
        {
            [key] = value,
            [endpoints ? "Kestrel:Endpoints:metrics:Protocols" : "Prometheus:Listens"] = "Http1",
        });
    }

    private static async Task AnswerAsync(HttpContext context, PrometheusPage page, IOptions<PrometheusOptions> options)
    {
        HealthEndpoints.LeaveUntraced(Activity.Current);
        if (options.Value.Networks() is { } networks && !MayRead(networks, context.Connection.RemoteIpAddress))
        {
            context.Response.StatusCode = StatusCodes.Status403Forbidden;
            await context.Response.WriteAsync("This address may not read the metrics.\n", context.RequestAborted);
            return;
        }

        var bytes = await page.ReadAsync(context.RequestAborted);
        context.Response.ContentType = ContentType;
        context.Response.ContentLength = bytes.Length;
        await context.Response.Body.WriteAsync(bytes, context.RequestAborted);
    }

    private static bool MayRead(IPNetwork[] networks, IPAddress? address)
    {
        var plain = address is { IsIPv4MappedToIPv6: true } ? address.MapToIPv4() : address;
        return plain is not null && networks.Any(network => network.Contains(plain));
    }

    /// <summary>With an address of its own: there /metrics and nothing else, and elsewhere everything else.</summary>
    private sealed class OwnAddress(IOptions<PrometheusOptions> options) : IStartupFilter
    {
        private readonly int? _port = options.Value.Port;

        public Action<IApplicationBuilder> Configure(Action<IApplicationBuilder> next) => app =>
        {
            app.Use(DivideAsync);
            next(app);
        };

        private Task DivideAsync(HttpContext context, RequestDelegate next)
        {
            var metrics = context.Request.Path.Equals(Path, StringComparison.OrdinalIgnoreCase);
            if (metrics == (context.Connection.LocalPort == _port))
            {
                return next(context);
            }

            context.Response.StatusCode = StatusCodes.Status404NotFound;
            return Task.CompletedTask;
        }
    }
}
