using Microsoft.AspNetCore.HostFiltering;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;
using Microsoft.Extensions.Options;

namespace LlmGateway.Gateway.Web;

/// <summary>What lies between the socket and the endpoints.</summary>
internal static class WebRegistration
{
    public static void AddWeb(this IHostApplicationBuilder builder)
    {
        var services = builder.Services;
        services.AddOptions<ServerLimits>().BindConfiguration(ServerLimits.Section).ValidateDataAnnotations().ValidateOnStart();
        services.AddSingleton<ConnectionCount>();
        services.AddSingleton<IConfigureOptions<KestrelServerOptions>, KestrelSetup>();
        services.AddSingleton<IConfigureOptions<SocketTransportOptions>, KestrelSetup>();

        services.AddOptions<CrossOrigin>().BindConfiguration(CrossOrigin.Section).ValidateOnStart();
        services.AddSingleton<IValidateOptions<CrossOrigin>, CrossOrigin.Validator>();
        services.AddCors();

        services.AddOptions<TrustedProxies>().BindConfiguration(TrustedProxies.Section).ValidateDataAnnotations().ValidateOnStart();
        services.AddSingleton<IValidateOptions<TrustedProxies>, TrustedProxies.Validator>();

        services.Configure<HostFilteringOptions>(filter => filter.AllowedHosts = ["*"]);
        services.AddHostedService<AllowedHostsWarning>();

        // gzip, br and deflate. What a body comes to is counted by who reads it.
        services.AddRequestDecompression();
    }

    /// <summary>First of all: which client and scheme a request has.</summary>
    public static void UseTrustedProxies(this WebApplication app)
    {
        var proxies = app.Services.GetRequiredService<IOptions<TrustedProxies>>().Value;
        if (proxies.List.Count > 0)
        {
            app.UseForwardedHeaders(proxies.ToForwardedHeaders());
        }
    }

    public static void UseCrossOrigin(this WebApplication app)
    {
        var cors = app.Services.GetRequiredService<IOptions<CrossOrigin>>().Value;
        if (cors.List.Count > 0)
        {
            app.UseMiddleware<Microsoft.AspNetCore.Cors.Infrastructure.CorsMiddleware>(cors.ToPolicy());
        }
    }
}
