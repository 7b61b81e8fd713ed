using Grpc.Core;
using LlmGateway.Protos.Keys.V1;
using Microsoft.Extensions.Options;

namespace LlmGateway.Gateway.Authentication;

/// <summary>Holds the stream of changes open, and takes it up where it broke off.</summary>
internal sealed partial class RevocationWatcher(
    KeyDirectory directory,
    KeysApi.KeysApiClient keys,
    IOptions<AuthOptions> options,
    Random random,
    TimeProvider time,
    ILogger<RevocationWatcher> logger) : BackgroundService
{
    // Keys.Service is silent for a second at most; a connection that died without a word must not be taken for one without news.
    private static readonly TimeSpan Silence = TimeSpan.FromSeconds(3);
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(1);

    private long? _position;
    private bool _isBroken;

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                await WatchAsync(stoppingToken);
            }
            catch (RpcException exception) when (!stoppingToken.IsCancellationRequested)
            {
                Broken(exception.StatusCode);
            }
            catch (OperationCanceledException) when (!stoppingToken.IsCancellationRequested)
            {
                Broken(StatusCode.Cancelled);
            }

            // Not all gateways at the same moment.
            await Task.Delay(LongestPause * random.NextDouble(), time, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private async Task WatchAsync(CancellationToken stoppingToken)
    {
        using var silence = new CancellationTokenSource(Silence, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(silence.Token, stoppingToken);
        var request = new WatchRevocationsRequest();
        if (_position is { } position)
        {
            request.AfterPosition = position;
        }

        using var call = keys.WatchRevocations(request, cancellationToken: either.Token);
        while (await call.ResponseStream.MoveNext(either.Token))
        {
            var message = call.ResponseStream.Current;
            directory.Apply(message, isResumed: _position is not null);
            _position = message.Position;
            silence.CancelAfter(Silence);
            Whole();
        }
    }

    private void Broken(StatusCode status)
    {
        if (!_isBroken)
        {
            Log.Broken(logger, status, options.Value.FreshSeconds);
        }

        _isBroken = true;
    }

    private void Whole()
    {
        if (_isBroken)
        {
            Log.Whole(logger);
        }

        _isBroken = false;
    }

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Warning, "The stream of revocations broke off ({StatusCode}): keys are verified anew every {Seconds} s until it is back.")]
        public static partial void Broken(ILogger logger, StatusCode statusCode, int seconds);

        [LoggerMessage(2, LogLevel.Information, "The stream of revocations is back.")]
        public static partial void Whole(ILogger logger);
    }
}
