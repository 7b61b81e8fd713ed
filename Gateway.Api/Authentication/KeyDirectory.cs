using System.Collections.Concurrent;
using System.Security.Claims;
using Grpc.Core;
using LlmGateway.Protos.Keys.V1;
using Microsoft.AspNetCore.Authentication;
using Microsoft.Extensions.Options;

namespace LlmGateway.Gateway.Authentication;

internal enum KeyVerdict
{
    Known,
    Refused,

    /// <summary>Keys.Service cannot be asked, and nothing is remembered.</summary>
    Unknowable,
}

/// <param name="Ticket">With verdict Known: the authentication's result, made once per key.</param>
internal readonly record struct KeyLookup(KeyVerdict Verdict, AuthenticateResult? Ticket = null);

/// <summary>The keys in use, in memory.</summary>
/// <remarks>
/// 1. A key verified less than <see cref="AuthOptions.FreshSeconds"/> ago is known; one just refused is refused. Nobody is asked.
/// 2. Otherwise Keys.Service is asked, once for all the requests that wait for the same key.
/// 3. When it does not answer, keys verified less than <see cref="AuthOptions.StaleSeconds"/> ago go on working and no other key is
///    judged. It is then asked again by one request a second; the others do not wait for it.
/// </remarks>
internal sealed partial class KeyDirectory(
    KeysApi.KeysApiClient keys, IOptions<AuthOptions> options, TimeProvider time, ILogger<KeyDirectory> logger)
{
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);

    private readonly AuthOptions _options = options.Value;
    private readonly BoundedMap<Known> _known = new(options.Value.RememberedKeys, static entry => entry.VerifiedAt);
    private readonly BoundedMap<long> _refused = new(options.Value.RememberedKeys, static refusedAt => refusedAt);
    private readonly ConcurrentDictionary<SecretHash, Lazy<Task<KeyLookup>>> _lookups = new();

    // The timestamp from which a silent Keys.Service may be asked again; 0 while it answers.
    private long _askAgainAt;

    public ValueTask<KeyLookup> FindAsync(string secret)
    {
        var hash = SecretHash.Of(secret);
        var isKnown = _known.TryGet(hash, out var known);
        if (isKnown && time.GetElapsedTime(known.VerifiedAt).TotalSeconds < _options.FreshSeconds)
        {
            return new(known.Lookup);
        }

        if (!isKnown && _refused.TryGet(hash, out var refusedAt) && time.GetElapsedTime(refusedAt).TotalSeconds < _options.RefusedSeconds)
        {
            return new(new KeyLookup(KeyVerdict.Refused));
        }

        return MayAsk() ? new(AskOnceAsync(hash, secret)) : new(FromMemory(hash));
    }

    /// <summary>Takes a key as verified now.</summary>
    internal KeyLookup Remember(SecretHash hash, VerifiedKey key)
    {
        _refused.Remove(hash);
        var principal = new ClaimsPrincipal(new CallerIdentity(Caller.From(key)));
        var ticket = AuthenticateResult.Success(new AuthenticationTicket(principal, KeyAuthenticationHandler.Scheme));
        var known = new Known(new(KeyVerdict.Known, ticket), time.GetTimestamp());
        _known.Set(hash, known);
        return known.Lookup;
    }

    private bool MayAsk()
    {
        var at = Volatile.Read(ref _askAgainAt);
        var now = time.GetTimestamp();
        return at == 0 || (now >= at && Interlocked.CompareExchange(ref _askAgainAt, NextAsk(now), at) == at);
    }

    private long NextAsk(long now) => now + (long)(Pause.TotalSeconds * time.TimestampFrequency);

    private async Task<KeyLookup> AskOnceAsync(SecretHash hash, string secret)
    {
        var lookup = _lookups.GetOrAdd(
            hash, static (hash, question) => new(() => question.Directory.AskAsync(hash, question.Secret)), (Directory: this, Secret: secret));
        try
        {
            return await lookup.Value;
        }
        finally
        {
            _lookups.TryRemove(new(hash, lookup));
        }
    }

    private async Task<KeyLookup> AskAsync(SecretHash hash, string secret)
    {
        try
        {
            // Not the client's own cancellation: other requests may wait for the same answer.
            var deadline = time.GetUtcNow().UtcDateTime.AddMilliseconds(_options.VerifyMilliseconds);
            var reply = await keys.VerifyAsync(new VerifyRequest { Secrets = { new PresentedSecret { Secret = secret } } }, deadline: deadline);
            Volatile.Write(ref _askAgainAt, 0);
            var verification = reply.Verifications.Single();
            return verification.OutcomeCase switch
            {
                Verification.OutcomeOneofCase.Key => Remember(hash, verification.Key),
                Verification.OutcomeOneofCase.Refusal => Refuse(hash),
                _ => throw new InvalidOperationException($"Keys.Service answered with {verification.OutcomeCase}."),
            };
        }
        catch (RpcException exception)
        {
            Volatile.Write(ref _askAgainAt, NextAsk(time.GetTimestamp()));
            Log.Silent(logger, exception.StatusCode);
            return FromMemory(hash);
        }
    }

    private KeyLookup Refuse(SecretHash hash)
    {
        _known.Remove(hash);
        _refused.Set(hash, time.GetTimestamp());
        return new(KeyVerdict.Refused);
    }

    private KeyLookup FromMemory(SecretHash hash) =>
        _known.TryGet(hash, out var known) && time.GetElapsedTime(known.VerifiedAt).TotalSeconds < _options.StaleSeconds
            ? known.Lookup
            : new(KeyVerdict.Unknowable);

    private sealed record Known(KeyLookup Lookup, long VerifiedAt);

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Warning, "Keys.Service does not answer ({StatusCode}): verified keys go on working, others wait.")]
        public static partial void Silent(ILogger logger, StatusCode statusCode);
    }
}
