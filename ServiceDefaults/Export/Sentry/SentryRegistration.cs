using System.Globalization;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace LlmGateway.ServiceDefaults.Export.Sentry;

internal static class SentryRegistration
{
    /// <returns>Whether anything is sent.</returns>
    public static bool AddSentry(this IHostApplicationBuilder builder)
    {
        builder.Services.AddOptions<SentryOptions>().BindConfiguration(SentryOptions.Section).ValidateOnStart();
        builder.Services.AddSingleton<IValidateOptions<SentryOptions>, SentryOptionsCheck>();
        var section = builder.Configuration.GetSection(SentryOptions.Section);
        if (SentryDsn.Parse(section[nameof(SentryOptions.Dsn)]) is not { } dsn)
        {
            return false;
        }

        _ = double.TryParse(section[nameof(SentryOptions.TracesSampleRate)], NumberStyles.Float, CultureInfo.InvariantCulture, out var share);
        builder.Services.AddSingleton(services => new SentrySource(
            services.GetRequiredService<IConfiguration>()["OTEL_SERVICE_NAME"] ?? builder.Environment.ApplicationName,
            ProductVersion.Of(services.GetRequiredService<IConfiguration>()),
            builder.Environment.EnvironmentName.ToLowerInvariant(),
            Environment.MachineName));
        builder.Services.AddSingleton(services => new SentryQueue(
            dsn, services.GetRequiredService<SentrySource>(), services.GetRequiredService<ExportTally>(), services.GetRequiredService<TimeProvider>()));
        builder.Services.AddSingleton<ILoggerProvider, SentryLogs>();
        builder.Services.AddSingleton(services => new SentryTransactions(services.GetRequiredService<SentryQueue>(), share));
        return true;
    }
}
