using Npgsql;

namespace LlmGateway.Keys.Changes;

/// <summary>Hears of changes at once (PostgreSQL LISTEN), on a connection of its own.</summary>
internal sealed partial class ChangeListener(
    NpgsqlDataSource database, ChangeFeed feed, TimeProvider time, ILogger<ChangeListener> logger) : BackgroundService
{
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);

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
                if (!failed)
                {
                    Log.Deaf(logger, exception.GetBaseException().Message);
                }

                failed = true;
            }

            await Task.Delay(Pause, time, stoppingToken);
        }
    }

    private async Task ListenAsync(Action onConnected, CancellationToken stoppingToken)
    {
        await using var connection = await database.OpenConnectionAsync(stoppingToken);
        connection.Notification += (_, _) => feed.Wake();
        await using (var listen = new NpgsqlCommand($"LISTEN {ChangeLog.Channel}", connection))
        {
            await listen.ExecuteNonQueryAsync(stoppingToken);
        }

        onConnected();
        feed.Wake();
        while (true)
        {
            await connection.WaitAsync(stoppingToken);
        }
    }

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Warning, "Changes are not announced just now, and are looked for twice a second instead: {Reason}")]
        public static partial void Deaf(ILogger logger, string reason);
    }
}
