using LlmGateway.Gateway.Calls;
using Microsoft.AspNetCore.Http.Metadata;
using Microsoft.Extensions.Primitives;

namespace LlmGateway.Gateway.Web;

/// <summary>Refuses requests for a host that is none of <c>AllowedHosts</c> (ALLOWED_HOSTS). Health and metrics are left alone: probes and scrapers come by address.</summary>
/// <remarks>The framework's own filter does it before everything else, and answers with a page of HTML; it is told to let all pass.</remarks>
internal sealed class AllowedHosts(RequestDelegate next, IConfiguration configuration)
{
    private readonly StringSegment[] _hosts = Read(configuration);

    public Task InvokeAsync(HttpContext context)
    {
        var host = context.Request.Host;
        return _hosts.Length == 0 || (host.HasValue && HostString.MatchesAny(host.Host, _hosts))
            || context.GetEndpoint()?.Metadata.GetMetadata<IDisableHttpMetricsMetadata>() is not null
            ? next(context)
            : ClientSurface.Of(context).WriteErrorAsync(context, ApiErrors.HostNotAllowed);
    }

    /// <summary>Empty where every host is allowed.</summary>
    internal static StringSegment[] Read(IConfiguration configuration)
    {
        var hosts = (configuration["AllowedHosts"] ?? "").Split(';', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
        return hosts.Contains("*") ? [] : [.. hosts.Select(host => new StringSegment(host))];
    }
}

/// <summary>Says at the start that every host is allowed, where that is unlikely to be meant.</summary>
internal sealed partial class AllowedHostsWarning(IConfiguration configuration, IHostEnvironment environment, ILogger<AllowedHosts> logger) : IHostedService
{
    public Task StartAsync(CancellationToken cancellationToken)
    {
        if (environment.IsProduction() && AllowedHosts.Read(configuration).Length == 0)
        {
            Log.Everybody(logger);
        }

        return Task.CompletedTask;
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Warning, "The gateway answers under every host name: set ALLOWED_HOSTS to its own.")]
        public static partial void Everybody(ILogger logger);
    }
}
