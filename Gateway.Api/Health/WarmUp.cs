namespace LlmGateway.Gateway.Health;

/// <summary>
/// Calls each service until it has answered a few times in a row: connections, statements and compiled code are then in place
/// before /ready says that clients may come.
/// </summary>
internal sealed partial class WarmUp(ServiceProbes probes, TimeProvider time, ILogger<WarmUp> logger) : BackgroundService
{
    private const int Answers = 3;
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(250);

    protected override Task ExecuteAsync(CancellationToken stoppingToken) =>
        Task.WhenAll(probes.All.Select(probe => WarmAsync(probe, stoppingToken)));

    private async Task WarmAsync(ServiceProbe probe, CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Pause, time);
        while (!await probe.WarmAsync(Answers))
        {
            await timer.WaitForNextTickAsync(stoppingToken);
        }

        Log.Warm(logger, probe.Name);
    }

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Information, "Service {Service} is warm.")]
        public static partial void Warm(ILogger logger, string service);
    }
}
