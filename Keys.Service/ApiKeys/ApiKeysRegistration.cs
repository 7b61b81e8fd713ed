using Microsoft.Extensions.Options;
using OpenTelemetry.Logs;

namespace LlmGateway.Keys.ApiKeys;

internal static class ApiKeysRegistration
{
    public static void AddApiKeys(this IHostApplicationBuilder builder)
    {
        builder.Services.AddOptions<KeysOptions>().BindConfiguration("Keys").ValidateOnStart();
        builder.Services.AddSingleton<IValidateOptions<KeysOptions>, KeysOptionsValidator>();
        builder.Services.AddHostedService<KeySeeding>();
        builder.Logging.AddFilter<OpenTelemetryLoggerProvider>(typeof(AdministratorKey).FullName, LogLevel.None);
    }
}
