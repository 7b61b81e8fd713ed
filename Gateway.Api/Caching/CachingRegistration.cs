namespace LlmGateway.Gateway.Caching;

internal static class CachingRegistration
{
    public static void AddCaching(this IHostApplicationBuilder builder)
    {
        builder.Services.AddOptions<CachingOptions>().BindConfiguration(CachingOptions.Section).ValidateDataAnnotations().ValidateOnStart();
        builder.Services.AddSingleton<ModelsCache>();
    }
}
