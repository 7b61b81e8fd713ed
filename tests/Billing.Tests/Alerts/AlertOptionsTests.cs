using LlmGateway.Billing.Alerts;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace LlmGateway.Billing.Tests.Alerts;

public sealed class AlertOptionsTests
{
    private const string Secret = "sixteen letters.";

    [Theory]
    [InlineData("ftp://example.org/hook", Secret, "AlertWebhookUrl")]
    [InlineData("/hook", Secret, "AlertWebhookUrl")]
    [InlineData("example.org", Secret, "AlertWebhookUrl")]
    [InlineData("https://user:geheim@example.org/hook", Secret, "AlertWebhookUrl")]
    [InlineData("https://example.org/hook", "", "AlertWebhookSecret")]
    [InlineData("https://example.org/hook", "fifteen letters", "AlertWebhookSecret")]
    public void A_webhook_without_an_address_or_a_secret_stops_the_start(string url, string secret, string named)
    {
        var message = Should.Throw<OptionsValidationException>(() => Validate(url, secret)).Message;

        message.ShouldContain($"Billing:{named}: ");
        message.ShouldNotContain("example");
        message.ShouldNotContain("letters");
    }

    [Theory]
    [InlineData("", "")]
    [InlineData("http://127.0.0.1:9000/hook?tenant=1", Secret)]
    [InlineData("https://example.org", Secret)]
    public void None_is_fine_and_so_is_one_with_a_secret(string url, string secret) => Validate(url, secret);

    [Theory]
    [InlineData(1, 5)]
    [InlineData(2, 10)]
    [InlineData(10, 2560)]
    [InlineData(11, 3600)]
    [InlineData(1_000_000, 3600)]
    public void Pauses_double_up_to_an_hour(int attempts, int seconds) => AlertSender.Pause(attempts).ShouldBe(TimeSpan.FromSeconds(seconds));

    private static void Validate(string url, string secret)
    {
        var builder = WebApplication.CreateEmptyBuilder(new());
        builder.Configuration.AddInMemoryCollection([new("Billing:AlertWebhookUrl", url), new("Billing:AlertWebhookSecret", secret)]);
        builder.AddAlerts();
        using var services = builder.Services.BuildServiceProvider();
        services.GetRequiredService<IStartupValidator>().Validate();
    }
}
