using LlmGateway.Keys.Accounts;
using LlmGateway.Keys.Data;
using LlmGateway.ServiceDefaults;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;

namespace LlmGateway.Keys.ApiKeys;

/// <summary>
/// Makes the database agree with configuration at each start, in one transaction that replicas take turns at:
/// 1. every listed secret is an active key of account <c>default</c>, the administrator's one of account <c>admin</c>;
/// 2. a configured key that is no longer listed is revoked, and so is a generated administrator's key once one is configured;
/// 3. without any active administrator's key, one is generated, and printed after the commit.
/// </summary>
internal sealed partial class KeySeeding(
    IServiceScopeFactory scopes, IOptions<KeysOptions> options, TimeProvider time, ILogger<AdministratorKey> logger) : IHostedService
{
    public async Task StartAsync(CancellationToken cancellationToken)
    {
        // Made before the transaction: if the commit's answer is lost and the transaction runs again, it finds this very key.
        var generated = KeySecret.Generate();
        await using var scope = scopes.CreateAsyncScope();
        var db = scope.ServiceProvider.GetRequiredService<KeysDbContext>();

        var isNew = await db.Database.CreateExecutionStrategy().ExecuteAsync(
            cancel => SeedAsync(db, generated, cancel), cancellationToken);
        if (isNew)
        {
            Log.Generated(logger, generated.Reveal());
        }
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <returns>Whether <paramref name="generated"/> is the administrator's key now.</returns>
    private async Task<bool> SeedAsync(KeysDbContext db, KeySecret generated, CancellationToken cancellationToken)
    {
        db.ChangeTracker.Clear();
        await using var transaction = await db.Database.BeginTransactionAsync(cancellationToken);
        await DatabaseLock.HoldForTransactionAsync(db, "seed keys", cancellationToken);

        await AddAccountAsync(db, Account.Default, cancellationToken);
        await AddAccountAsync(db, Account.Administrator, cancellationToken);

        var wanted = options.Value.AllowedSecrets
            .Select((secret, index) => new Wanted(KeySecret.Parse(secret)!, Account.Default, KeyRole.Account, $"ALLOWED_API_KEYS {index + 1}"))
            .ToList();
        if (options.Value.AdministratorSecret is { } administrator)
        {
            wanted.Add(new(KeySecret.Parse(administrator)!, Account.Administrator, KeyRole.Administrator, "ADMIN_API_KEY"));
        }

        var isNew = Apply(await db.ApiKeys.Include(key => key.Secrets).AsSplitQuery().ToListAsync(cancellationToken), wanted, generated, db);
        await db.SaveChangesAsync(cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        return isNew;
    }

    private bool Apply(List<ApiKey> existing, List<Wanted> wanted, KeySecret generated, KeysDbContext db)
    {
        var now = time.GetUtcNow();
        var byHash = existing
            .SelectMany(key => key.Secrets, (key, secret) => (Hash: Convert.ToHexString(secret.Hash), Key: key))
            .ToDictionary(pair => pair.Hash, pair => pair.Key);
        var listed = new HashSet<ApiKey>();
        foreach (var want in wanted)
        {
            var key = byHash.TryGetValue(want.HexHash, out var known) ? Restore(known, want) : Add(db, want, KeySource.Configured, now);
            byHash[want.HexHash] = key;
            listed.Add(key);
        }

        var replacesGenerated = wanted.Any(want => want.Role == KeyRole.Administrator);
        foreach (var key in existing.Where(key => key.RevokedAt is null && !listed.Contains(key)))
        {
            key.RevokedAt = key.Source == KeySource.Configured || replacesGenerated ? now : null;
        }

        if (byHash.ContainsKey(Convert.ToHexString(generated.Hash())))
        {
            return true;
        }

        if (byHash.Values.Any(key => key is { Role: KeyRole.Administrator, RevokedAt: null }))
        {
            return false;
        }

        Add(db, new(generated, Account.Administrator, KeyRole.Administrator, "generated at the first start"), KeySource.Generated, now);
        return true;
    }

    private static ApiKey Restore(ApiKey key, Wanted want)
    {
        (key.AccountId, key.Role, key.Source, key.Name, key.RevokedAt) = (want.AccountId, want.Role, KeySource.Configured, want.Name, null);
        return key;
    }

    private static ApiKey Add(KeysDbContext db, Wanted want, KeySource source, DateTimeOffset now)
    {
        var key = new ApiKey
        {
            Id = Guid.CreateVersion7(now),
            AccountId = want.AccountId,
            Name = want.Name,
            Role = want.Role,
            Source = source,
            CreatedAt = now,
            Secrets = [new ApiKeySecret { Hash = want.Secret.Hash(), Masked = want.Secret.Masked(), CreatedAt = now }],
        };
        db.ApiKeys.Add(key);
        return key;
    }

    private async Task AddAccountAsync(KeysDbContext db, string id, CancellationToken cancellationToken)
    {
        if (!await db.Accounts.AnyAsync(account => account.Id == id, cancellationToken))
        {
            db.Accounts.Add(new Account { Id = id, CreatedAt = time.GetUtcNow() });
        }
    }

    private sealed record Wanted(KeySecret Secret, string AccountId, KeyRole Role, string Name)
    {
        public string HexHash { get; } = Convert.ToHexString(Secret.Hash());
    }

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Warning,
            "No ADMIN_API_KEY is set, so an administrator's key was made. It is shown this once and stored as a hash only: {Secret}")]
        public static partial void Generated(ILogger logger, string secret);
    }
}

/// <summary>The log category of the one line that has a secret: for the console, never for a collector.</summary>
internal sealed class AdministratorKey;
