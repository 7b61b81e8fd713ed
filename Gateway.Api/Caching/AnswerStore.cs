using LlmGateway.Gateway.Limits;
using Microsoft.Extensions.Caching.Memory;
using Microsoft.Extensions.Options;
using StackExchange.Redis;

namespace LlmGateway.Gateway.Caching;

/// <summary>
/// Kept answers: in this process' memory, and in Redis for all gateways. Redis is never waited for longer than its patience, and left alone
/// for a second after it failed: the cache is then what is in memory.
/// </summary>
internal sealed partial class AnswerStore : IDisposable
{
    private static readonly TimeSpan Rest = TimeSpan.FromSeconds(1);

    private readonly ResponseCacheOptions _options;
    private readonly Lazy<IConnectionMultiplexer?> _redis;
    private readonly MemoryCache? _memory;
    private readonly ResponseCacheMetrics _metrics;
    private readonly TimeProvider _time;
    private readonly ILogger<AnswerStore> _logger;
    private long _restsUntil;

    public AnswerStore(
        IServiceProvider services, IOptions<ResponseCacheOptions> options, ResponseCacheMetrics metrics, TimeProvider time, ILogger<AnswerStore> logger)
    {
        (_options, _metrics, _time, _logger) = (options.Value, metrics, time, logger);
        _redis = new(() => Connection(services));
        _memory = _options.MemoryBytes > 0 ? new(new MemoryCacheOptions { SizeLimit = _options.MemoryBytes }) : null;
        _restsUntil = time.GetTimestamp();
    }

    public async ValueTask<CachedAnswer?> FindAsync(TenantKey key)
    {
        if (_memory?.Get<CachedAnswer>(key.StoreKey) is { } known && IsFresh(known))
        {
            return known;
        }

        if (await ReadAsync(key.StoreKey) is not { } bytes || CachedAnswer.FromBytes(bytes) is not { } answer
            || answer.AccountId != key.AccountId || !IsFresh(answer))
        {
            return null;
        }

        Remember(key, answer, bytes.Length);
        return answer;
    }

    /// <summary>Returns at once: nobody waits for what is only kept.</summary>
    public void Keep(TenantKey key, CachedAnswer answer)
    {
        var bytes = answer.ToBytes();
        if (bytes.Length > _options.MaxEntryBytes)
        {
            return;
        }

        Remember(key, answer, bytes.Length);
        if (Available() is { } redis)
        {
            _ = WriteAsync(redis, key.StoreKey, bytes);
        }
    }

    public void Dispose() => _memory?.Dispose();

    private static IConnectionMultiplexer? Connection(IServiceProvider services)
    {
        try
        {
            return services.GetService<IConnectionMultiplexer>();
        }
        catch (Exception exception) when (exception is RedisException or InvalidOperationException)
        {
            return null;
        }
    }

    private bool IsFresh(CachedAnswer answer) => Left(answer) > TimeSpan.Zero;

    private TimeSpan Left(CachedAnswer answer) => DateTimeOffset.FromUnixTimeSeconds(answer.At) + _options.Ttl - _time.GetUtcNow();

    private void Remember(TenantKey key, CachedAnswer answer, int size)
    {
        if (Left(answer) is { Ticks: > 0 } left)
        {
            _memory?.Set(key.StoreKey, answer, new MemoryCacheEntryOptions { Size = size, AbsoluteExpirationRelativeToNow = left });
        }
    }

    private IConnectionMultiplexer? Available() =>
        _time.GetTimestamp() >= Volatile.Read(ref _restsUntil) && _redis.Value is { IsConnected: true } redis ? redis : null;

    private async ValueTask<byte[]?> ReadAsync(string key)
    {
        if (Available() is not { } redis)
        {
            return null;
        }

        try
        {
            return await redis.GetDatabase().StringGetAsync(key).WaitAsync(_options.RedisPatience, _time);
        }
        catch (Exception exception) when (LimitStore.IsFailure(exception))
        {
            Failed(exception);
            return null;
        }
    }

    private async Task WriteAsync(IConnectionMultiplexer redis, string key, byte[] bytes)
    {
        try
        {
            await redis.GetDatabase().StringSetAsync(key, bytes, _options.Ttl);
        }
        catch (Exception exception) when (LimitStore.IsFailure(exception))
        {
            Failed(exception);
        }
    }

    private void Failed(Exception exception)
    {
        _metrics.RedisFailed();
        var now = _time.GetTimestamp();
        if (Interlocked.Exchange(ref _restsUntil, now + (long)(Rest.TotalSeconds * _time.TimestampFrequency)) <= now)
        {
            Log.RedisFailed(_logger, exception.GetType().Name);
        }
    }

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Warning, "Redis does not serve the response cache ({Reason}); it is left alone for a second.")]
        public static partial void RedisFailed(ILogger logger, string reason);
    }
}
