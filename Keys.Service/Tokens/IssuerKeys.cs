using Microsoft.Extensions.Options;
using Microsoft.IdentityModel.Tokens;

namespace LlmGateway.Keys.Tokens;

/// <summary>The outside issuer's public keys, fetched when they are first needed, when they are old, and when one is missing.</summary>
/// <remarks>Nobody waits long: a batch of secrets has a second for its answer, and one token must not cost the others theirs.</remarks>
internal sealed partial class IssuerKeys(HttpClient http, IOptions<TokenOptions> options, TimeProvider time, ILogger<IssuerKeys> logger)
{
    private static readonly TimeSpan Patience = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan PauseForUnknown = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan PauseForNone = TimeSpan.FromSeconds(2);

    private readonly Lock _lock = new();
    private volatile IReadOnlyDictionary<string, SecurityKey>? _keys;
    private Task _fetching = Task.CompletedTask;
    private long? _triedAt;

    /// <param name="kid">As the token names it; without one, the issuer's only key.</param>
    /// <param name="cancellationToken">Of the caller, not of the fetching, which others wait for too.</param>
    /// <returns>The key, or whether none was ever obtained.</returns>
    public async Task<(SecurityKey? Key, bool IsUnavailable)> FindAsync(string? kid, CancellationToken cancellationToken)
    {
        var isKnown = Find(kid) is not null;
        var fetching = FetchIfDue(isKnown);
        if (!isKnown && !fetching.IsCompleted)
        {
            await Task.WhenAny(fetching, Task.Delay(Patience, time, cancellationToken));
        }

        return Find(kid) is { } key ? (key, false) : (null, _keys is null);
    }

    private SecurityKey? Find(string? kid) => _keys switch
    {
        null => null,
        { Count: 1 } keys when kid is null => keys.Values.Single(),
        var keys => kid is null ? null : keys.GetValueOrDefault(kid),
    };

    private Task FetchIfDue(bool isKnown)
    {
        lock (_lock)
        {
            var pause = _keys is null ? PauseForNone : isKnown ? TimeSpan.FromMinutes(options.Value.JwksRefreshMinutes) : PauseForUnknown;
            if (_fetching.IsCompleted && (_triedAt is not { } triedAt || time.GetElapsedTime(triedAt) >= pause))
            {
                _triedAt = time.GetTimestamp();
                _fetching = FetchAsync();
            }

            return _fetching;
        }
    }

    private async Task FetchAsync()
    {
        try
        {
            var keys = IssuerKeySet.Parse(await http.GetByteArrayAsync(new Uri(options.Value.JwksUrl!)), options.Value.Algorithm);
            if (keys.Count == 0)
            {
                Log.NoKeys(logger, options.Value.Algorithm);
                return;
            }

            _keys = keys;
        }
        catch (Exception exception)
        {
            // Those known stay: an issuer that is down has not taken its keys back.
            Log.Failed(logger, exception.GetBaseException().Message);
        }
    }

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Warning, "The keys of the tokens' issuer (Auth:Jwt:JwksUrl) could not be fetched: {Reason}")]
        public static partial void Failed(ILogger logger, string reason);

        [LoggerMessage(2, LogLevel.Warning, "The tokens' issuer (Auth:Jwt:JwksUrl) has no usable key for {Algorithm}.")]
        public static partial void NoKeys(ILogger logger, string algorithm);
    }
}
