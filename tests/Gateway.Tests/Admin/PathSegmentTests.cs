using System.Net;
using LlmGateway.Gateway.Admin;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;

namespace LlmGateway.Gateway.Tests.Admin;

/// <summary>Through a real server, whose own decoding is half of what a name goes through.</summary>
public sealed class PathSegmentTests : IAsyncLifetime
{
    private readonly WebApplication _app = Build();

    [Theory]
    [InlineData("web shop")]
    [InlineData("a/b")]
    [InlineData("a%2Fb")]
    [InlineData("a%2fb")]
    [InlineData("a%252Fb/c")]
    [InlineData("100%")]
    [InlineData("ä?#%2F/+&")]
    public async Task A_name_that_is_escaped_once_is_read_as_it_is(string name)
    {
        using var client = new HttpClient();

        (await client.GetStringAsync($"{_app.Urls.Single()}/keys/{Uri.EscapeDataString(name)}/read?key=a/b")).ShouldBe(name);
    }

    public Task InitializeAsync() => _app.StartAsync();

    public async Task DisposeAsync() => await _app.DisposeAsync();

    private static WebApplication Build()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.WebHost.UseUrls($"http://{IPAddress.Loopback}:0");
        var app = builder.Build();
        app.MapGet("/keys/{key}/read", (HttpContext context) => PathSegment.Of(context, "key"));
        return app;
    }
}
