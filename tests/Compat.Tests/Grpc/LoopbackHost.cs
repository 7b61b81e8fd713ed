using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace LlmGateway.Compat.Tests.Grpc;

/// <summary>Real Kestrel on a free loopback port, cleartext HTTP/2 unless told otherwise.</summary>
internal sealed class LoopbackHost : IAsyncDisposable
{
    private readonly WebApplication _app;

    private LoopbackHost(WebApplication app) => _app = app;

    public string Address => _app.Urls.Single();

    public int Port => new Uri(Address).Port;

    public IServiceProvider Services => _app.Services;

    public static async Task<LoopbackHost> StartAsync(
        Action<WebApplicationBuilder> build, Action<WebApplication> configure, HttpProtocols protocols = HttpProtocols.Http2)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0, listen => listen.Protocols = protocols));
        // Calls that a test leaves parked are not worth waiting for.
        builder.Services.Configure<HostOptions>(options => options.ShutdownTimeout = TimeSpan.FromMilliseconds(100));
        build(builder);
        var app = builder.Build();
        configure(app);
        await app.StartAsync();
        return new LoopbackHost(app);
    }

    /// <summary>A server whose every byte is the test's own: what a client must cope with.</summary>
    public static Task<LoopbackHost> AnsweringAsync(RequestDelegate answer, HttpProtocols protocols = HttpProtocols.Http2) =>
        StartAsync(_ => { }, app => app.Run(answer), protocols);

    public async ValueTask DisposeAsync()
    {
        await _app.StopAsync();
        await _app.DisposeAsync();
    }
}
