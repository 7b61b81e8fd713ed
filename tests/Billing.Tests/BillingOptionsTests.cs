using LlmGateway.Billing.Ledger;
using LlmGateway.Billing.Pricing;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace LlmGateway.Billing.Tests;

public sealed class BillingOptionsTests
{
    [Fact]
    public void Defaults_are_valid()
    {
        var options = Bind();

        (options.MarkupBasisPoints, options.DefaultGrant, options.Currency).ShouldBe((2500, new NanoUsd(100_000_000_000), "USD"));
        options.HoldLifetime.ShouldBe(TimeSpan.FromSeconds(585));
        options.ExpiredHolds.ShouldBe(ExpiredHolds.Release);
    }

    [Theory]
    [InlineData("MarkupPercent", "-1")]
    [InlineData("MarkupPercent", "1000.5")]
    [InlineData("MarkupPercent", "12.345")]
    [InlineData("MarkupPercent", "79228162514264337593543950335")]
    [InlineData("DefaultBalance", "-0.01")]
    [InlineData("DefaultBalance", "1000001")]
    [InlineData("DefaultBalance", "0.0000000001")]
    [InlineData("Currency", "EUR")]
    [InlineData("HoldMinutes", "0")]
    [InlineData("SweepSeconds", "301")]
    [InlineData("PriceRefreshSeconds", "0")]
    [InlineData("ExpiredHolds", "7")]
    [InlineData("EstimatedOutputTokens", "0")]
    [InlineData("Connections", "0")]
    [InlineData("StatementLines", "0")]
    [InlineData("Statements", "0")]
    [InlineData("WaitingLines", "0")]
    public void Values_out_of_range_are_refused_by_path(string name, string value) =>
        Should.Throw<OptionsValidationException>(() => Bind((name, value))).Message.ShouldContain($"Billing:{name}: ");

    [Fact]
    public void Every_error_is_reported_at_once()
    {
        var message = Should.Throw<OptionsValidationException>(() => Bind(("Currency", "EUR"), ("MarkupPercent", "1.234"))).Message;

        message.ShouldContain("Billing:Currency");
        message.ShouldContain("Billing:MarkupPercent");
    }

    private static BillingOptions Bind(params (string Name, string Value)[] settings)
    {
        var configuration = new ConfigurationBuilder()
            .AddInMemoryCollection(settings.Select(setting => KeyValuePair.Create($"Billing:{setting.Name}", (string?)setting.Value)))
            .Build();
        var services = new ServiceCollection();
        services.AddSingleton<IConfiguration>(configuration);
        services.AddBillingOptions();
        return services.BuildServiceProvider().GetRequiredService<IOptions<BillingOptions>>().Value;
    }
}
