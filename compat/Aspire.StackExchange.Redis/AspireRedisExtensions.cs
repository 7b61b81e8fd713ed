using Aspire.StackExchange.Redis;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using StackExchange.Redis;

namespace Microsoft.Extensions.Hosting;

/// <summary>Registers an <see cref="IConnectionMultiplexer"/> with a health check and settings from configuration.</summary>
public static class AspireRedisExtensions
{
    private const string Section = "Aspire:StackExchange:Redis";

    /// <summary>
    /// Registers <see cref="IConnectionMultiplexer"/> as a singleton that connects when the host starts. A Redis that does not answer
    /// then does not stop the start: the multiplexer keeps trying, and the health check says so meanwhile.
    /// </summary>
    /// <exception cref="InvalidOperationException">At start, when no connection string was found.</exception>
    public static void AddRedisClient(
        this IHostApplicationBuilder builder,
        string connectionName,
        Action<StackExchangeRedisSettings>? configureSettings = null,
        Action<ConfigurationOptions>? configureOptions = null) =>
        Add(builder, connectionName, serviceKey: null, configureSettings, configureOptions);

    /// <summary>The same under a service key, which is also the connection's name.</summary>
    public static void AddKeyedRedisClient(
        this IHostApplicationBuilder builder,
        string name,
        Action<StackExchangeRedisSettings>? configureSettings = null,
        Action<ConfigurationOptions>? configureOptions = null) =>
        Add(builder, name, serviceKey: name, configureSettings, configureOptions);

    private static void Add(
        IHostApplicationBuilder builder,
        string connectionName,
        string? serviceKey,
        Action<StackExchangeRedisSettings>? configureSettings,
        Action<ConfigurationOptions>? configureOptions)
    {
        ArgumentNullException.ThrowIfNull(builder);
        ArgumentException.ThrowIfNullOrEmpty(connectionName);

        var settings = ReadSettings(builder.Configuration, connectionName, configureSettings);
        var configuration = builder.Configuration;
        IConnectionMultiplexer Connect() => ConnectionMultiplexer.Connect(Options(configuration, settings, connectionName, configureOptions));
        if (serviceKey is null)
        {
            builder.Services.AddSingleton<IConnectionMultiplexer>(_ => Connect());
        }
        else
        {
            builder.Services.AddKeyedSingleton<IConnectionMultiplexer>(serviceKey, (_, _) => Connect());
        }

        if (!settings.DisableAutoActivation)
        {
            builder.Services.AddSingleton<IHostedService>(services => new RedisActivation(services, serviceKey));
        }

        if (!settings.DisableHealthChecks)
        {
            var checkName = serviceKey is null ? "StackExchange.Redis" : $"StackExchange.Redis_{serviceKey}";
            builder.Services.AddHealthChecks().Add(new HealthCheckRegistration(
                checkName, services => new RedisHealthCheck(services, serviceKey), failureStatus: null, tags: [], TimeSpan.FromSeconds(5)));
        }
    }

    private static StackExchangeRedisSettings ReadSettings(
        IConfiguration configuration, string connectionName, Action<StackExchangeRedisSettings>? configure)
    {
        var settings = new StackExchangeRedisSettings();
        var section = configuration.GetSection(Section);
        section.Bind(settings);
        section.GetSection(connectionName).Bind(settings);
        if (configuration.GetConnectionString(connectionName) is { Length: > 0 } connectionString)
        {
            settings.ConnectionString = connectionString;
        }

        configure?.Invoke(settings);
        return settings;
    }

    private static ConfigurationOptions Options(
        IConfiguration configuration,
        StackExchangeRedisSettings settings,
        string connectionName,
        Action<ConfigurationOptions>? configureOptions)
    {
        if (string.IsNullOrWhiteSpace(settings.ConnectionString))
        {
            throw new InvalidOperationException(
                $"ConnectionString is missing. It should be provided in 'ConnectionStrings:{connectionName}' or under the 'ConnectionString' "
                + $"key in '{Section}' or '{Section}:{connectionName}' configuration section.");
        }

        var options = ConfigurationOptions.Parse(settings.ConnectionString);
        options.AbortOnConnectFail = false;
        configuration.GetSection($"{Section}:ConfigurationOptions").Bind(options);
        configuration.GetSection($"{Section}:{connectionName}:ConfigurationOptions").Bind(options);
        configureOptions?.Invoke(options);
        return options;
    }
}
