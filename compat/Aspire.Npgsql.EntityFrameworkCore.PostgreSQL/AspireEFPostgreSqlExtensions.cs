using Aspire.Npgsql.EntityFrameworkCore.PostgreSQL;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Npgsql.EntityFrameworkCore.PostgreSQL.Infrastructure;

namespace Microsoft.Extensions.Hosting;

/// <summary>Registers a <see cref="DbContext"/> on PostgreSQL with retries, a health check and settings from configuration.</summary>
public static class AspireEFPostgreSqlExtensions
{
    private const string Section = "Aspire:Npgsql:EntityFrameworkCore:PostgreSQL";

    /// <summary>
    /// Registers a pooled context. Its settings come from <c>Aspire:Npgsql:EntityFrameworkCore:PostgreSQL</c>, then from the same
    /// section's child named after the context's type, then the connection string from <c>ConnectionStrings:{connectionName}</c>, and
    /// <paramref name="configureSettings"/> has the last word.
    /// </summary>
    /// <remarks>Pooling asks for a context with one public constructor that takes <see cref="DbContextOptions{TContext}"/>.</remarks>
    /// <exception cref="InvalidOperationException">When the first context is made and no connection string was found.</exception>
    public static void AddNpgsqlDbContext<TContext>(
        this IHostApplicationBuilder builder,
        string connectionName,
        Action<NpgsqlEntityFrameworkCorePostgreSQLSettings>? configureSettings = null,
        Action<DbContextOptionsBuilder>? configureDbContextOptions = null)
        where TContext : DbContext
    {
        ArgumentNullException.ThrowIfNull(builder);
        ArgumentException.ThrowIfNullOrEmpty(connectionName);

        var settings = ReadSettings<TContext>(builder.Configuration, connectionName, configureSettings);
        builder.Services.AddDbContextPool<TContext>(options =>
        {
            options.UseNpgsql(ConnectionStringOf<TContext>(settings, connectionName), npgsql => Apply(settings, npgsql));
            configureDbContextOptions?.Invoke(options);
        });
        AddHealthCheck<TContext>(builder, settings);
    }

    /// <summary>Adds retries, the command timeout and the health check to a context that is registered already.</summary>
    /// <exception cref="InvalidOperationException">The context is not registered.</exception>
    public static void EnrichNpgsqlDbContext<TContext>(
        this IHostApplicationBuilder builder,
        Action<NpgsqlEntityFrameworkCorePostgreSQLSettings>? configureSettings = null)
        where TContext : DbContext
    {
        ArgumentNullException.ThrowIfNull(builder);
        if (builder.Services.All(service => service.ServiceType != typeof(TContext)))
        {
            throw new InvalidOperationException(
                $"{typeof(TContext).Name} is not registered; call AddDbContext before {nameof(EnrichNpgsqlDbContext)}.");
        }

        var settings = ReadSettings<TContext>(builder.Configuration, connectionName: null, configureSettings);
        builder.Services.ConfigureDbContext<TContext>(options => options.UseNpgsql(npgsql => Apply(settings, npgsql)));
        AddHealthCheck<TContext>(builder, settings);
    }

    private static NpgsqlEntityFrameworkCorePostgreSQLSettings ReadSettings<TContext>(
        IConfiguration configuration, string? connectionName, Action<NpgsqlEntityFrameworkCorePostgreSQLSettings>? configure)
    {
        var settings = new NpgsqlEntityFrameworkCorePostgreSQLSettings();
        var section = configuration.GetSection(Section);
        section.Bind(settings);
        section.GetSection(typeof(TContext).Name).Bind(settings);
        if (connectionName is not null && configuration.GetConnectionString(connectionName) is { Length: > 0 } connectionString)
        {
            settings.ConnectionString = connectionString;
        }

        configure?.Invoke(settings);
        return settings;
    }

    private static string ConnectionStringOf<TContext>(NpgsqlEntityFrameworkCorePostgreSQLSettings settings, string connectionName) =>
        string.IsNullOrWhiteSpace(settings.ConnectionString)
            ? throw new InvalidOperationException(
                $"ConnectionString is missing. It should be provided in 'ConnectionStrings:{connectionName}' or under the 'ConnectionString' "
                + $"key in '{Section}' or '{Section}:{typeof(TContext).Name}' configuration section.")
            : settings.ConnectionString;

    private static void Apply(NpgsqlEntityFrameworkCorePostgreSQLSettings settings, NpgsqlDbContextOptionsBuilder npgsql)
    {
        if (!settings.DisableRetry)
        {
            npgsql.EnableRetryOnFailure();
        }

        if (settings.CommandTimeout is { } seconds)
        {
            npgsql.CommandTimeout(seconds);
        }
    }

    private static void AddHealthCheck<TContext>(IHostApplicationBuilder builder, NpgsqlEntityFrameworkCorePostgreSQLSettings settings)
        where TContext : DbContext
    {
        if (!settings.DisableHealthChecks)
        {
            builder.Services.AddHealthChecks().AddCheck<DbContextHealthCheck<TContext>>(
                typeof(TContext).Name, failureStatus: null, tags: [], timeout: TimeSpan.FromSeconds(5));
        }
    }
}
