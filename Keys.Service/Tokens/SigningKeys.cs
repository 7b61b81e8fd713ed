using System.Buffers.Text;
using System.Collections.Immutable;
using System.Security.Cryptography;
using LlmGateway.Keys.Audit;
using LlmGateway.Keys.Data;
using LlmGateway.ServiceDefaults;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;

namespace LlmGateway.Keys.Tokens;

/// <summary>A signing key that this process can use.</summary>
internal sealed record UsableKey(string Kid, byte[] Secret, DateTimeOffset CreatedAt, DateTimeOffset? RetiredAt);

/// <summary>
/// The keys that our tokens are signed with: in the database, encrypted, and in memory. Without anything to encrypt them under, one that
/// lives in this process only.
/// </summary>
internal sealed partial class SigningKeys(
    IServiceScopeFactory scopes,
    IOptions<WrappingOptions> wrappingOptions,
    IOptions<TokenOptions> tokenOptions,
    TimeProvider time,
    ILogger<SigningKeys> logger) : BackgroundService
{
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Reload = TimeSpan.FromMinutes(1);

    // The longest that ExpireMinutes allows, whatever it was when the key signed.
    private static readonly TimeSpan Outlived = TimeSpan.FromDays(1);

    private readonly WrappingKey? _wrapping = WrappingKey.From(wrappingOptions.Value, tokenOptions.Value);
    private readonly SemaphoreSlim _turn = new(1);
    private readonly HashSet<string> _unreadable = [];
    private ImmutableDictionary<string, UsableKey> _keys = ImmutableDictionary<string, UsableKey>.Empty;
    private long _lookedAt;

    public override async Task StartAsync(CancellationToken cancellationToken)
    {
        if (_wrapping is null)
        {
            Log.InMemory(logger);
        }

        await CurrentAsync(cancellationToken);
        await base.StartAsync(cancellationToken);
    }

    /// <summary>Null for one that is not ours. Another replica's new key is looked for, once a second at most.</summary>
    public async Task<UsableKey?> FindAsync(string kid, CancellationToken cancellationToken)
    {
        if (_keys.GetValueOrDefault(kid) is { } known)
        {
            return known;
        }

        var lookedAt = Volatile.Read(ref _lookedAt);
        if (_wrapping is not null && time.GetElapsedTime(lookedAt) >= Pause
            && Interlocked.CompareExchange(ref _lookedAt, time.GetTimestamp(), lookedAt) == lookedAt)
        {
            await using var scope = scopes.CreateAsyncScope();
            await LoadAsync(scope.ServiceProvider.GetRequiredService<KeysDbContext>(), cancellationToken);
        }

        return _keys.GetValueOrDefault(kid);
    }

    /// <summary>The one to sign with. Read anew, because another replica may have retired the one before.</summary>
    public Task<UsableKey> CurrentAsync(CancellationToken cancellationToken) => ChangeAsync(rotateFor: null, cancellationToken);

    /// <summary>Makes a new one and retires the others, which go on verifying what they signed.</summary>
    public Task<UsableKey> RotateAsync(Actor actor, CancellationToken cancellationToken) => ChangeAsync(actor, cancellationToken);

    public override void Dispose()
    {
        _turn.Dispose();
        base.Dispose();
    }

    // What was deleted or retired elsewhere is forgotten here within a minute.
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Reload, time);
        while (_wrapping is not null && await timer.WaitForNextTickAsync(stoppingToken))
        {
            try
            {
                await using var scope = scopes.CreateAsyncScope();
                await LoadAsync(scope.ServiceProvider.GetRequiredService<KeysDbContext>(), stoppingToken);
            }
            catch (Exception exception) when (!stoppingToken.IsCancellationRequested)
            {
                Log.NotLoaded(logger, exception.GetBaseException().Message);
            }
        }
    }

    private async Task<UsableKey> ChangeAsync(Actor? rotateFor, CancellationToken cancellationToken)
    {
        await using var scope = scopes.CreateAsyncScope();
        var db = scope.ServiceProvider.GetRequiredService<KeysDbContext>();
        if (rotateFor is null)
        {
            await LoadAsync(db, cancellationToken);
            if (Newest() is { } current)
            {
                return current;
            }
        }

        return await db.Database.CreateExecutionStrategy().ExecuteAsync(
            cancel => AddAsync(db, rotateFor, cancel), cancellationToken);
    }

    private async Task<UsableKey> AddAsync(KeysDbContext db, Actor? rotateFor, CancellationToken cancellationToken)
    {
        db.ChangeTracker.Clear();
        await using var transaction = await db.Database.BeginTransactionAsync(cancellationToken);
        await DatabaseLock.HoldForTransactionAsync(db, "signing keys", cancellationToken);
        await LoadAsync(db, cancellationToken);
        if (rotateFor is null && Newest() is { } current)
        {
            return current;
        }

        var now = time.GetUtcNow();
        var key = new UsableKey(
            Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(12)), RandomNumberGenerator.GetBytes(IssuedTokens.SecretSize), now, RetiredAt: null);
        if (rotateFor is not null)
        {
            await db.SigningKeys.Where(k => k.RetiredAt == null).ExecuteUpdateAsync(s => s.SetProperty(k => k.RetiredAt, now), cancellationToken);
        }

        var outlived = now - Outlived - tokenOptions.Value.ClockSkew;
        await db.SigningKeys.Where(k => k.RetiredAt < outlived).ExecuteDeleteAsync(cancellationToken);
        if (_wrapping is not null)
        {
            db.SigningKeys.Add(new SigningKey { Kid = key.Kid, Wrapped = _wrapping.Wrap(key.Kid, key.Secret), CreatedAt = now });
        }

        // A start that stores nothing leaves no trace either.
        if (_wrapping is not null || rotateFor is not null)
        {
            var action = rotateFor is null ? "signing_key.created" : "signing_key.rotated";
            AuditLog.Add(db, rotateFor ?? Actor.Configuration, now, action, ("signing_key", key.Kid), new { Stored = _wrapping is not null });
        }

        await db.SaveChangesAsync(cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        Keep(key, retireOthers: rotateFor is not null);
        return key;
    }

    private void Keep(UsableKey key, bool retireOthers)
    {
        var others = _keys.Values.Select(other => retireOthers ? other with { RetiredAt = other.RetiredAt ?? key.CreatedAt } : other);
        _keys = others.Append(key).ToImmutableDictionary(k => k.Kid);
    }

    private UsableKey? Newest() => _keys.Values.Where(key => key.RetiredAt is null).MaxBy(key => key.CreatedAt);

    private async Task LoadAsync(KeysDbContext db, CancellationToken cancellationToken)
    {
        if (_wrapping is null)
        {
            return;
        }

        await _turn.WaitAsync(cancellationToken);
        try
        {
            var outlived = time.GetUtcNow() - Outlived - tokenOptions.Value.ClockSkew;
            var stored = await db.SigningKeys.AsNoTracking().Where(k => k.RetiredAt == null || k.RetiredAt > outlived).ToListAsync(cancellationToken);
            _keys = stored.Select(Read).OfType<UsableKey>().ToImmutableDictionary(key => key.Kid);
        }
        finally
        {
            _turn.Release();
        }
    }

    private UsableKey? Read(SigningKey key)
    {
        var secret = _keys.GetValueOrDefault(key.Kid)?.Secret ?? _wrapping!.Unwrap(key.Kid, key.Wrapped);
        if (secret is null && _unreadable.Add(key.Kid))
        {
            Log.Unreadable(logger, key.Kid);
        }

        return secret is null ? null : new UsableKey(key.Kid, secret, key.CreatedAt, key.RetiredAt);
    }

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Warning,
            "Neither Keys__WrappingKey nor JWT_SECRET_KEY is set, so the key that tokens are signed with lives in this process: tokens end when it "
            + "does, and several replicas refuse each other's. Set Keys__WrappingKey to 32 random bytes in base64.")]
        public static partial void InMemory(ILogger logger);

        [LoggerMessage(2, LogLevel.Warning,
            "Signing key {Kid} was encrypted under another wrapping key. Tokens that it signed are refused; a new one is made if it was the only one.")]
        public static partial void Unreadable(ILogger logger, string kid);

        [LoggerMessage(3, LogLevel.Warning, "The signing keys could not be read again, and stay as they were: {Reason}")]
        public static partial void NotLoaded(ILogger logger, string reason);
    }
}
