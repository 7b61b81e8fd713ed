using LlmGateway.Gateway.Admin;
using LlmGateway.Gateway.Authentication;
using LlmGateway.Gateway.Calls;
using LlmGateway.Gateway.OpenAi;
using LlmGateway.Gateway.Web;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;

namespace LlmGateway.Gateway.Tests.Hosting;

public sealed class OptionsTests
{
    [Theory]
    [InlineData("Auth:InvalidKeyStatus", "404", "InvalidKeyStatus")]
    [InlineData("Auth:FreshSeconds", "11", "FreshSeconds")]
    [InlineData("Auth:StaleSeconds", "5", "Auth:StaleSeconds must be 0 or at least FreshSeconds")]
    [InlineData("Calls:KeepAliveSeconds", "0", "KeepAliveSeconds")]
    [InlineData("Calls:TotalSeconds", "5", "Calls:TotalSeconds must be more than HeldHeadersSeconds")]
    [InlineData("Requests:MaxBodyBytes", "10", "MaxBodyBytes")]
    [InlineData("Server:MaxConnections", "0", "MaxConnections")]
    [InlineData("Server:SlowSeconds", "1", "SlowSeconds")]
    [InlineData("Cors:Origins", "https://app.example/path", "Cors:Origins: 'https://app.example/path'")]
    [InlineData("Cors:Origins", "app.example", "Cors:Origins: 'app.example'")]
    [InlineData("Proxies:Trusted", "10.0.0.1, proxy.example", "Proxies:Trusted: 'proxy.example'")]
    [InlineData("Proxies:Hops", "0", "Hops")]
    [InlineData("ForwardedHeaders_Enabled", "true", "ASPNETCORE_FORWARDEDHEADERS_ENABLED")]
    [InlineData("Admin:MaxRestoreBytes", "10", "MaxRestoreBytes")]
    [InlineData("Admin:BackupSeconds", "0", "BackupSeconds")]
    public void A_setting_out_of_range_stops_the_start_by_its_name(string key, string value, string named) =>
        Should.Throw<OptionsValidationException>(() => Validate(new() { [key] = value })).Message.ShouldContain(named);

    [Fact]
    public void The_defaults_are_valid() => Validate([]);

    private static void Validate(Dictionary<string, string?> settings)
    {
        var builder = WebApplication.CreateEmptyBuilder(new());
        builder.Configuration.AddInMemoryCollection(settings);
        builder.AddKeyAuthentication();
        builder.AddCalls();
        builder.AddOpenAi();
        builder.AddAdmin();
        builder.AddWeb();
        using var services = builder.Services.BuildServiceProvider();
        services.GetRequiredService<IStartupValidator>().Validate();
    }
}
