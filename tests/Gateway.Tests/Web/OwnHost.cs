using LlmGateway.Gateway.Tests.Hosting;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;

namespace LlmGateway.Gateway.Tests.Web;

/// <summary>A gateway with settings of its own, with nothing behind it.</summary>
internal sealed class OwnHost(WebApplication app) : IAsyncDisposable
{
    public Uri Address => new(app.Urls.First());

    public LogLines Log => app.Services.GetRequiredService<LogLines>();

    public static Task<OwnHost> StartAsync(params (string Name, string Value)[] settings) => StartAtAsync("http://127.0.0.1:0", settings);

    public static async Task<OwnHost> StartAtAsync(string address, params (string Name, string Value)[] settings)
    {
        var app = GatewayHost.Build(settings.ToDictionary(setting => setting.Name, setting => (string?)setting.Value), address);
        await app.StartAsync();
        return new(app);
    }

    public async ValueTask DisposeAsync() => await app.DisposeAsync();
}
