using System.Data.Common;
using System.Diagnostics;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Migrations;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace LlmGateway.ServiceDefaults;

/// <summary>Brings the database's schema to the context's last migration before the host goes on starting.</summary>
public static class Migrations
{
    public const string ActivitySourceName = "LlmGateway.Migrations";

    /// <summary>
    /// Hosted services registered after this one find the schema migrated. A broken migration fails the start; a database that is not
    /// there yet is waited for, <c>Migrations:WaitSeconds</c> (60) at most. Adds the health check "migrations", and tags the context's
    /// own check, both "ready".
    /// </summary>
    public static void AddMigrations<TContext>(this IHostApplicationBuilder builder)
        where TContext : DbContext
    {
        builder.Services.AddSingleton(services => new MigrationRunner<TContext>(
            services.GetRequiredService<IServiceScopeFactory>(),
            TimeSpan.FromSeconds(builder.Configuration.GetValue("Migrations:WaitSeconds", 60)),
            services.GetRequiredService<TimeProvider>(),
            services.GetRequiredService<ILogger<MigrationRunner<TContext>>>()));
        builder.Services.AddHostedService(services => services.GetRequiredService<MigrationRunner<TContext>>());
        builder.Services.AddHealthChecks().Add(new HealthCheckRegistration(
            "migrations", services => services.GetRequiredService<MigrationRunner<TContext>>(), failureStatus: null, [HealthEndpoints.Ready]));
        builder.Services.PostConfigure<HealthCheckServiceOptions>(health =>
        {
            foreach (var check in health.Registrations.Where(check => check.Name == typeof(TContext).Name))
            {
                check.Tags.Add(HealthEndpoints.Ready);
            }
        });
    }
}

internal sealed partial class MigrationRunner<TContext>(IServiceScopeFactory scopes, TimeSpan wait, TimeProvider time, ILogger logger)
    : IHostedService, IHealthCheck
    where TContext : DbContext
{
    private static readonly ActivitySource Source = new(Migrations.ActivitySourceName);
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(500);
    private volatile bool _done;

    public async Task StartAsync(CancellationToken cancellationToken)
    {
        using var activity = Source.StartActivity($"migrate {typeof(TContext).Name}", ActivityKind.Client);
        try
        {
            // The lock has a session of its own, because the one that migrates is closed and opened again between commands.
            await using var lockScope = scopes.CreateAsyncScope();
            var locking = lockScope.ServiceProvider.GetRequiredService<TContext>();
            await OpenAsync(locking, cancellationToken);
            try
            {
                await using (await DatabaseLock.HoldForSessionAsync(locking, $"migrate {typeof(TContext).Name}", cancellationToken))
                {
                    await MigrateAsync(activity, cancellationToken);
                }
            }
            finally
            {
                // Closed, not disposed: the context goes back to its pool with it.
                await locking.Database.GetDbConnection().CloseAsync();
            }

            _done = true;
        }
        catch (Exception exception)
        {
            activity?.SetStatus(ActivityStatusCode.Error, exception.Message);
            throw;
        }
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default) =>
        Task.FromResult(_done ? HealthCheckResult.Healthy() : HealthCheckResult.Unhealthy("The schema is not migrated yet."));

    private async Task MigrateAsync(Activity? activity, CancellationToken cancellationToken)
    {
        await using var scope = scopes.CreateAsyncScope();
        var db = scope.ServiceProvider.GetRequiredService<TContext>();

        // Before it is read: reading a history that does not exist is an error in the log.
        await db.GetService<IHistoryRepository>().CreateIfNotExistsAsync(cancellationToken);
        var pending = (await db.Database.GetPendingMigrationsAsync(cancellationToken)).ToList();
        activity?.SetTag("migrations.pending", pending.Count);
        if (pending.Count == 0)
        {
            Log.UpToDate(logger, typeof(TContext).Name);
            return;
        }

        Log.Migrating(logger, typeof(TContext).Name, pending.Count, pending[^1]);
        await db.Database.MigrateAsync(cancellationToken);
    }

    private async Task OpenAsync(TContext db, CancellationToken cancellationToken)
    {
        var connection = db.Database.GetDbConnection();
        var start = time.GetTimestamp();
        while (true)
        {
            try
            {
                // On the connection itself: the context would retry, and log each failure as an error.
                await connection.OpenAsync(cancellationToken);
                return;
            }
            catch (Exception exception) when (IsNotThereYet(exception))
            {
                if (time.GetElapsedTime(start) >= wait)
                {
                    throw new TimeoutException(
                        $"The database of {typeof(TContext).Name} did not accept a connection in {wait.TotalSeconds:0} s: {exception.Message}",
                        exception);
                }

                Log.Waiting(logger, typeof(TContext).Name, exception.Message);
                await Task.Delay(Pause, time, cancellationToken);
            }
        }
    }

    // 3D000: the server is up, and whoever creates the database has not yet. A wrong password is neither, and fails at once.
    private static bool IsNotThereYet(Exception exception) =>
        exception is DbException { SqlState: "3D000" } || StoreFailure.IsOutOfReach(exception);

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Information, "The database of {Context} is up to date.")]
        public static partial void UpToDate(ILogger logger, string context);

        [LoggerMessage(2, LogLevel.Information, "Migrating the database of {Context} by {Count} migrations to {Last}.")]
        public static partial void Migrating(ILogger logger, string context, int count, string last);

        [LoggerMessage(3, LogLevel.Information, "Waiting for the database of {Context}: {Reason}")]
        public static partial void Waiting(ILogger logger, string context, string reason);
    }
}
