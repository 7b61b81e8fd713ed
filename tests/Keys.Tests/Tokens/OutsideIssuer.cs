using LlmGateway.Testing;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;

namespace LlmGateway.Keys.Tests.Tokens;

/// <summary>An issuer that publishes its keys on this machine, and can be down, slow or broken.</summary>
internal sealed class OutsideIssuer : IAsyncDisposable
{
    public const string Name = "https://issuer.example";
    public const string Audience = "the-gateway";

    private readonly int _port = FreePort.Next();
    private WebApplication? _app;
    private Func<HttpContext, Task> _answer = _ => Task.CompletedTask;

    public static async Task<OutsideIssuer> StartAsync(params OutsideKey[] keys)
    {
        var issuer = new OutsideIssuer();
        issuer.Publish(keys);
        await issuer.StartAsync();
        return issuer;
    }

    public static string KeySet(params OutsideKey[] keys) => $$"""{"keys":[{{string.Join(',', keys.Select(key => key.Published))}}]}""";

    /// <summary>The service's settings that take this issuer's tokens.</summary>
    public Dictionary<string, string?> Settings(string algorithm) => new()
    {
        ["Auth:Jwt:Algorithm"] = algorithm,
        ["Auth:Jwt:JwksUrl"] = $"http://127.0.0.1:{_port}/keys",
        ["Auth:Jwt:Issuer"] = Name,
        ["Auth:Jwt:Audience"] = Audience,
    };

    public void Publish(params OutsideKey[] keys) => Answer(context => context.Response.WriteAsync(KeySet(keys)));

    public void Answer(Func<HttpContext, Task> answer) => Volatile.Write(ref _answer, answer);

    public async Task StartAsync()
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().UseUrls($"http://127.0.0.1:{_port}");
        _app = builder.Build();
        _app.Run(context => Volatile.Read(ref _answer)(context));
        await _app.StartAsync();
    }

    public async Task StopAsync()
    {
        if (_app is { } app)
        {
            _app = null;
            await app.StopAsync();
            await app.DisposeAsync();
        }
    }

    public async ValueTask DisposeAsync() => await StopAsync();
}
