using Google.Protobuf.WellKnownTypes;
using Grpc.Core;
using LlmGateway.Protos.Keys.V1;
using Microsoft.Extensions.Options;

namespace LlmGateway.Gateway.Authentication;

/// <summary>Tells Keys.Service when keys were last used: every few seconds, and once more when the gateway stops.</summary>
internal sealed partial class UseReporter(
    UseLog log,
    KeysApi.KeysApiClient keys,
    KeyDirectoryMetrics metrics,
    IOptions<AuthOptions> options,
    TimeProvider time,
    ILogger<UseReporter> logger) : BackgroundService
{
    // Both are the contract's.
    private const int MaxBatch = 10_000;
    private static readonly TimeSpan OldestUse = TimeSpan.FromHours(1);

    // What Keys.Service has not been told yet, by key.
    private readonly Dictionary<string, long> _untold = [];

    internal async Task ReportAsync()
    {
        Collect();
        foreach (var batch in _untold.Chunk(MaxBatch).ToList())
        {
            try
            {
                await keys.RecordUseAsync(new RecordUseRequest { Uses = { batch.Select(use => ToProto(use.Key, use.Value)) } });
            }
            catch (RpcException exception) when (exception.StatusCode != StatusCode.InvalidArgument)
            {
                Log.NotTold(logger, _untold.Count, exception.StatusCode);
                return;
            }
            catch (RpcException)
            {
                // It would not be taken at the next attempt either, and hold up all that follows.
                Log.NotTaken(logger, batch.Length);
            }

            foreach (var (keyId, _) in batch)
            {
                _untold.Remove(keyId);
            }
        }
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(TimeSpan.FromSeconds(options.Value.UseReportSeconds), time);
        try
        {
            while (await timer.WaitForNextTickAsync(stoppingToken))
            {
                await ReportAsync();
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // Requests have ended by now: the server stops before its hosted services do.
            await ReportAsync();
        }
    }

    private void Collect()
    {
        while (log.TryTake(out var keyId, out var at))
        {
            if (_untold.Count < options.Value.RememberedKeys || _untold.ContainsKey(keyId))
            {
                _untold[keyId] = Math.Max(at, _untold.GetValueOrDefault(keyId, at));
            }
            else
            {
                metrics.UseForgotten();
            }
        }

        foreach (var (keyId, _) in _untold.Where(use => time.GetElapsedTime(use.Value) > OldestUse).ToList())
        {
            _untold.Remove(keyId);
            metrics.UseForgotten();
        }
    }

    private KeyUse ToProto(string keyId, long at) => new() { KeyId = keyId, Age = Duration.FromTimeSpan(time.GetElapsedTime(at)) };

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Information, "Keys.Service was not told when {Keys} keys were last used ({StatusCode}); the next report has them.")]
        public static partial void NotTold(ILogger logger, int keys, StatusCode statusCode);

        [LoggerMessage(2, LogLevel.Error, "Keys.Service did not take the last uses of {Keys} keys.")]
        public static partial void NotTaken(ILogger logger, int keys);
    }
}
