namespace LlmGateway.Routing.Health;

internal static class HealthRegistration
{
    public static void AddHealth(this IHostApplicationBuilder builder)
    {
        builder.Services.AddOptions<BreakerOptions>().BindConfiguration(BreakerOptions.Section).ValidateDataAnnotations().ValidateOnStart();
        builder.Services.AddSingleton<HealthBoard>();
        builder.Services.AddHostedService<BreakerGauge>();
    }
}
