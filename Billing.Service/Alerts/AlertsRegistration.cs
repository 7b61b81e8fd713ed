using Microsoft.Extensions.Options;

namespace LlmGateway.Billing.Alerts;

internal static class AlertsRegistration
{
    public static void AddAlerts(this IHostApplicationBuilder builder)
    {
        builder.Services.AddOptions<AlertOptions>().BindConfiguration(BillingOptions.Section).ValidateDataAnnotations().ValidateOnStart();
        builder.Services.AddSingleton<IValidateOptions<AlertOptions>, AlertOptionsValidator>();
        builder.Services.AddSingleton<AlertList>();
        builder.Services.AddSingleton<AlertWebhook>();
        builder.Services.AddHostedService<AlertWatch>();
        builder.Services.AddHostedService<AlertSender>();
    }
}
