using System.Collections;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Configuration.EnvironmentVariables;
using Microsoft.Extensions.Configuration.Memory;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace LlmGateway.ServiceDefaults;

/// <summary>Puts <c>.env</c> and the flat names into the host's configuration: above the settings files, below the environment.</summary>
internal static class FlatConfigurationSource
{
    private static readonly string[] DotNetNames = ["ASPNETCORE_ENVIRONMENT", "DOTNET_ENVIRONMENT"];

    public static void AddFlatConfiguration(this IHostApplicationBuilder builder) =>
        builder.AddFlatConfiguration(
            DotEnv.ReadFor(builder.Environment.ContentRootPath, Environment.GetEnvironmentVariable(DotEnv.PathVariable)),
            Environment.GetEnvironmentVariables().Cast<DictionaryEntry>().ToDictionary(
                variable => (string)variable.Key, variable => (string?)variable.Value ?? "", StringComparer.OrdinalIgnoreCase));

    internal static void AddFlatConfiguration(this IHostApplicationBuilder builder, DotEnv dotEnv, IReadOnlyDictionary<string, string> process)
    {
        var environment = new Dictionary<string, string>(dotEnv.Values, StringComparer.OrdinalIgnoreCase);
        foreach (var (name, value) in process)
        {
            // An empty one is unset, and hides nothing.
            if (!string.IsNullOrWhiteSpace(value) || !environment.ContainsKey(name))
            {
                environment[name] = value;
            }
        }

        var flat = FlatConfiguration.Read(environment, builder.Environment.ApplicationName);
        Insert(builder.Configuration, flat.Settings, dotEnv.Values);
        if (flat.EnvironmentName is { } environmentName && !DotNetNames.Any(environment.ContainsKey))
        {
            builder.Environment.EnvironmentName = environmentName;

            // A web application has two of them, the host's and the web host's, and builder.Environment is one.
            foreach (var registered in builder.Services.Where(service => !service.IsKeyedService).Select(service => service.ImplementationInstance).OfType<IHostEnvironment>())
            {
                registered.EnvironmentName = environmentName;
            }
        }

        builder.Services.AddOptions<FlatConfigurationFindings>().ValidateOnStart().Configure(findings =>
        {
            findings.Errors = flat.Errors;
            findings.Warnings = [.. dotEnv.Warnings, .. flat.Warnings];
        });
        builder.Services.AddSingleton<IValidateOptions<FlatConfigurationFindings>, FlatConfigurationFindings.Validator>();
        builder.Services.AddHostedService<FlatConfigurationWarnings>();
    }

    // A name of .env is also found as it is, like any environment variable, so that "os.environ/NAME" has one place to look.
    private static void Insert(IConfigurationManager configuration, Dictionary<string, string?> settings, Dictionary<string, string> dotEnv)
    {
        var all = new Dictionary<string, string?>(settings, StringComparer.OrdinalIgnoreCase);
        foreach (var (name, value) in dotEnv)
        {
            all[name.Replace("__", ConfigurationPath.KeyDelimiter, StringComparison.Ordinal)] = value;
        }

        var environment = configuration.Sources.LastOrDefault(source => source is EnvironmentVariablesConfigurationSource { Prefix: null or "" });
        var index = environment is null ? configuration.Sources.Count : configuration.Sources.IndexOf(environment);
        configuration.Sources.Insert(index, new MemoryConfigurationSource { InitialData = all });
    }
}

/// <summary>What the flat names got wrong. Errors stop the start, all of them at once.</summary>
internal sealed class FlatConfigurationFindings
{
    public IReadOnlyList<string> Errors { get; set; } = [];

    public IReadOnlyList<string> Warnings { get; set; } = [];

    internal sealed class Validator : IValidateOptions<FlatConfigurationFindings>
    {
        public ValidateOptionsResult Validate(string? name, FlatConfigurationFindings options) =>
            options.Errors.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(options.Errors);
    }
}

internal sealed partial class FlatConfigurationWarnings(
    IOptions<FlatConfigurationFindings> findings, ILogger<FlatConfiguration> logger) : IHostedService
{
    public Task StartAsync(CancellationToken cancellationToken)
    {
        foreach (var warning in findings.Value.Warnings)
        {
            Log.Warn(logger, warning);
        }

        return Task.CompletedTask;
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Warning, "{Warning}")]
        public static partial void Warn(ILogger logger, string warning);
    }
}
