using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace LlmGateway.ServiceDefaults.Shutdown;

/// <summary>The end of a service, from its signal on.</summary>
/// <remarks>
/// 1. /ready is 503, and HTTP/1.1 answers close their connections. Calls are taken as ever, for <see cref="ShutdownOptions.DelaySeconds"/>.
/// 2. Nobody can connect any more, HTTP/2 connections are told to go away, and running calls have <see cref="ShutdownOptions.CallsSeconds"/>.
/// 3. Those that still run are ended, by <see cref="CallsEnd"/>: with an error, and settled.
/// </remarks>
public sealed partial class GracefulShutdown : IHostedLifecycleService, IHealthCheck, IDisposable
{
    private readonly CancellationTokenSource _callsEnd;
    private readonly IHostApplicationLifetime _lifetime;
    private readonly ShutdownOptions _options;
    private readonly TimeProvider _time;
    private readonly ILogger<GracefulShutdown> _logger;

    public GracefulShutdown(IHostApplicationLifetime lifetime, IOptions<ShutdownOptions> options, TimeProvider time, ILogger<GracefulShutdown> logger)
    {
        (_lifetime, _options, _time, _logger) = (lifetime, options.Value, time, logger);
        _callsEnd = new(Timeout.InfiniteTimeSpan, time);
    }

    /// <summary>The signal has come.</summary>
    public bool HasBegun => _lifetime.ApplicationStopping.IsCancellationRequested;

    /// <summary>Running calls have had their time.</summary>
    public CancellationToken CallsEnd => _callsEnd.Token;

    /// <summary>Before anything is stopped, Kestrel included.</summary>
    public async Task StoppingAsync(CancellationToken cancellationToken)
    {
        Log.Begun(_logger, _options.DelaySeconds, _options.CallsSeconds);
        if (_options.Delay > TimeSpan.Zero)
        {
            await Task.Delay(_options.Delay, _time, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        _callsEnd.CancelAfter(_options.Calls);
    }

    public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default) =>
        Task.FromResult(HasBegun ? HealthCheckResult.Unhealthy("Is being stopped.") : HealthCheckResult.Healthy());

    public void Dispose() => _callsEnd.Dispose();

    Task IHostedService.StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    Task IHostedService.StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    Task IHostedLifecycleService.StartingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    Task IHostedLifecycleService.StartedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    Task IHostedLifecycleService.StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Information, "Stopping: not ready from now on, no new connections after {Delay} s, running calls end {Calls} s later.")]
        public static partial void Begun(ILogger logger, double delay, double calls);
    }
}

internal static class ShutdownRegistration
{
    public static void AddGracefulShutdown(this IHostApplicationBuilder builder)
    {
        builder.Services.AddOptions<ShutdownOptions>().BindConfiguration(ShutdownOptions.Section).ValidateDataAnnotations().ValidateOnStart();
        builder.Services.AddSingleton<GracefulShutdown>();
        builder.Services.AddHostedService(services => services.GetRequiredService<GracefulShutdown>());
        builder.Services.AddOptions<HostOptions>().Configure<IOptions<ShutdownOptions>>(
            (host, shutdown) => host.ShutdownTimeout = shutdown.Value.Delay + shutdown.Value.Calls + ShutdownOptions.Rest);
        builder.Services.AddHealthChecks().Add(new(
            "shutdown", services => services.GetRequiredService<GracefulShutdown>(), HealthStatus.Unhealthy, [HealthEndpoints.Ready]));
    }
}
