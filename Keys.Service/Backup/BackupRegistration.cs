namespace LlmGateway.Keys.Backup;

internal static class BackupRegistration
{
    public static void AddBackup(this IHostApplicationBuilder builder)
    {
        builder.Services.AddOptions<BackupOptions>().BindConfiguration(BackupOptions.Section).ValidateDataAnnotations().ValidateOnStart();
        builder.Services.AddSingleton<RestoreTurn>();
        builder.Services.AddScoped<BackupExport>();
        builder.Services.AddScoped<BackupRestore>();
    }
}
