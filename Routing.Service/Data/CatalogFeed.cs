using System.Globalization;
using LlmGateway.Routing.Catalog;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Npgsql;

namespace LlmGateway.Routing.Data;

/// <summary>
/// Puts administrators' changes in force in this process: at start, at once when PostgreSQL tells of one, and each two seconds, for a notification
/// that was lost with its connection or at a pooler in between. While the database is away, what was read last holds.
/// </summary>
internal sealed partial class CatalogFeed(
    IConfiguration configuration, StoredCatalog stored, CatalogLoader loader, TimeProvider time, ILogger<CatalogFeed> logger) : BackgroundService, IHealthCheck
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);

    private readonly SemaphoreSlim _reading = new(1);
    private long _version = -1;

    public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default) => Task.FromResult(
        Volatile.Read(ref _version) >= 0 ? HealthCheckResult.Healthy() : HealthCheckResult.Unhealthy("What administrators changed of the catalogue is not read yet."));

    /// <summary>Returns when a change is in force here.</summary>
    public async Task ReadAsync(long wanted, CancellationToken cancellationToken)
    {
        await _reading.WaitAsync(cancellationToken);
        try
        {
            if (_version != wanted)
            {
                var (version, entries) = await stored.ReadAsync(cancellationToken);
                loader.Changed(entries);
                Volatile.Write(ref _version, version);
            }
        }
        finally
        {
            _reading.Release();
        }
    }

    public override void Dispose()
    {
        _reading.Dispose();
        base.Dispose();
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var failed = false;
        while (true)
        {
            try
            {
                await ListenAsync(() => failed = false, stoppingToken);
            }
            catch (Exception exception) when (!stoppingToken.IsCancellationRequested)
            {
                // Whatever it was, it must not end the reading. Once for an outage, not at each try.
                if (!failed)
                {
                    Log.Failed(logger, exception.GetBaseException().Message);
                }

                failed = true;
            }

            await Task.Delay(Pause, time, stoppingToken);
        }
    }

    private async Task ListenAsync(Action onRead, CancellationToken stoppingToken)
    {
        // A server that vanished without a word is noticed on a connection that only listens.
        var settings = new NpgsqlConnectionStringBuilder(configuration.GetConnectionString("routingdb")) { Pooling = false, KeepAlive = 5 };
        await using var connection = new NpgsqlConnection(settings.ConnectionString);
        await connection.OpenAsync(stoppingToken);
        await using (var listen = new NpgsqlCommand(string.Create(CultureInfo.InvariantCulture, $"LISTEN {StoredCatalog.Channel}"), connection))
        {
            await listen.ExecuteNonQueryAsync(stoppingToken);
        }

        while (true)
        {
            await ReadAsync(await stored.ReadVersionAsync(stoppingToken), stoppingToken);
            onRead();
            await connection.WaitAsync(Interval, stoppingToken);
        }
    }

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Warning, "Administrators' changes of the catalogue cannot be read; those read before hold: {Reason}")]
        public static partial void Failed(ILogger logger, string reason);
    }
}
