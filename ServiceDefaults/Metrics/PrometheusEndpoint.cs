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
        builder.Services.AddSingleton<IStartupFilter, ConnectionAddress>();
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
        if (options.Value.Networks() is { } networks && !MayRead(networks, ConnectionAddress.Of(context)))
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

    // The way in which routing reads it: without regard to case, and with a slash at its end or without.
    private static bool IsAskedFor(HttpContext context) =>
        context.Request.Path.Value is { } path && path.AsSpan().TrimEnd('/').Equals(Path, StringComparison.OrdinalIgnoreCase);

    private static bool MayRead(IPNetwork[] networks, IPAddress? address)
    {
        var plain = address is { IsIPv4MappedToIPv6: true } ? address.MapToIPv4() : address;
        return plain is not null && networks.Any(network => network.Contains(plain));
    }

    /// <summary>Who has connected, before forwarded headers put in that place whomever a proxy names.</summary>
    private sealed class ConnectionAddress : IStartupFilter
    {
        private static readonly object Key = new();

        /// <summary>Null where nobody has noted it: then nobody may read.</summary>
        public static IPAddress? Of(HttpContext context) => context.Items.TryGetValue(Key, out var address) ? (IPAddress?)address : null;

        public Action<IApplicationBuilder> Configure(Action<IApplicationBuilder> next) => app =>
        {
            app.Use((context, following) =>
            {
                if (IsAskedFor(context))
                {
                    context.Items[Key] = context.Connection.RemoteIpAddress;
                }

                return following(context);
            });
            next(app);
        };
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
            if (IsAskedFor(context) == (context.Connection.LocalPort == _port))
            {
                return next(context);
            }

            context.Response.StatusCode = StatusCodes.Status404NotFound;
            return Task.CompletedTask;
        }
    }
}
