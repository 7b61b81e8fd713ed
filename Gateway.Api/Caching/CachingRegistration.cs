using Microsoft.Extensions.Options;

namespace LlmGateway.Gateway.Caching;

internal static class CachingRegistration
{
    public static void AddCaching(this IHostApplicationBuilder builder)
    {
        builder.Services.AddOptions<CachingOptions>().BindConfiguration(CachingOptions.Section).ValidateDataAnnotations().ValidateOnStart();
        builder.Services.AddSingleton<ModelsCache>();
        builder.Services.AddOptions<ResponseCacheOptions>().BindConfiguration(ResponseCacheOptions.Section).ValidateDataAnnotations().ValidateOnStart();
        builder.Services.AddSingleton<IValidateOptions<ResponseCacheOptions>, ResponseCacheOptionsValidator>();
        builder.Services.AddSingleton<ResponseCacheMetrics>();
        builder.Services.AddSingleton<AnswerStore>();
        builder.Services.AddSingleton<HitCharges>();
        builder.Services.AddHostedService(services => services.GetRequiredService<HitCharges>());
        builder.Services.AddSingleton<ResponseCache>();
    }
}
