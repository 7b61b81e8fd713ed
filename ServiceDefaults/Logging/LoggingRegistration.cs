using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Configuration.Memory;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Console;
using Microsoft.Extensions.Options;

namespace LlmGateway.ServiceDefaults.Logging;

/// <summary>What is logged, and how: JSON in production, sentences in development, a file where one is named, levels that can be changed.</summary>
internal static class LoggingRegistration
{
    /// <summary>After the flat configuration: the form goes by the environment's name, and the file by LOG_FILE.</summary>
    public static void AddLogs(this IHostApplicationBuilder builder)
    {
        var form = builder.Environment.IsDevelopment() ? ReadableConsole.FormatterName : JsonConsole.FormatterName;

        // Below everything else that configures, so that any setting changes it: the framework's lines for each request and each SQL
        // command say nothing that a trace does not.
        builder.Configuration.Sources.Insert(0, new MemoryConfigurationSource
        {
            InitialData = new Dictionary<string, string?>
            {
                ["Logging:LogLevel:Microsoft.AspNetCore"] = "Warning",
                ["Logging:LogLevel:Microsoft.EntityFrameworkCore"] = "Warning",
                ["Logging:LogLevel:Npgsql"] = "Warning",
                ["Logging:LogLevel:System.Net.Http"] = "Warning",

                // A line at each poll while something is down; /health says what, and who looks there is told.
                ["Logging:LogLevel:Microsoft.Extensions.Diagnostics.HealthChecks"] = "None",
                ["Logging:Console:FormatterName"] = form,

                // Whoever reads the output may stop reading; requests go on.
                ["Logging:Console:QueueFullMode"] = nameof(ConsoleLoggerQueueFullMode.DropWrite),
                ["Logging:Console:MaxQueueLength"] = "10000",
            },
        });
        builder.Services.AddLogFloors();
        builder.Logging.AddConsoleFormatter<JsonConsole, ConsoleFormatterOptions>();
        builder.Logging.AddConsoleFormatter<ReadableConsole, ConsoleFormatterOptions>();
        builder.Services.AddSingleton(services => new JsonLine(
            services.GetRequiredService<IConfiguration>()["OTEL_SERVICE_NAME"] ?? builder.Environment.ApplicationName,
            services.GetRequiredService<TimeProvider>()));
        AddFile(builder);

        var levels = new LogLevels();
        builder.Configuration.Sources.Add(levels);
        builder.Services.AddSingleton(levels);
    }

    private static void AddFile(IHostApplicationBuilder builder)
    {
        if (builder.Configuration.GetSection(LogFileOptions.Section).Get<LogFileOptions>() is not { Path.Length: > 0 } file)
        {
            return;
        }

        builder.Services.AddOptions<LogFileOptions>().BindConfiguration(LogFileOptions.Section).ValidateDataAnnotations().ValidateOnStart();
        builder.Services.AddSingleton<IValidateOptions<LogFileOptions>, LogFileOptionsValidator>();
        builder.Services.AddSingleton<ILoggerProvider>(services => ActivatorUtilities.CreateInstance<LogFileProvider>(services, file));
    }
}
