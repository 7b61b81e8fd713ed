namespace LlmGateway.Keys.Changes;

internal static class ChangesRegistration
{
    public static void AddChanges(this IHostApplicationBuilder builder)
    {
        builder.Services.AddOptions<ChangesOptions>().BindConfiguration("Changes").ValidateDataAnnotations().ValidateOnStart();
        builder.Services.AddSingleton<ChangeStream>();
        builder.Services.AddSingleton<ChangeFeed>();
        builder.Services.AddHostedService(services => services.GetRequiredService<ChangeFeed>());
        builder.Services.AddHostedService<ChangeListener>();
        builder.Services.AddHostedService<ChangePruning>();
    }
}
