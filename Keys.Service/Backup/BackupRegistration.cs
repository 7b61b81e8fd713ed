namespace LlmGateway.Keys.Backup;

internal static class BackupRegistration
{
    public static void AddBackup(this IHostApplicationBuilder builder)
    {
        builder.Services.AddScoped<BackupExport>();
        builder.Services.AddScoped<BackupRestore>();
    }
}
