using LlmGateway.Keys.Accounts;
using LlmGateway.Keys.Audit;
using LlmGateway.Keys.Changes;
using LlmGateway.Keys.Data;
using LlmGateway.Keys.Management;
using LlmGateway.ServiceDefaults;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;

namespace LlmGateway.Keys.ApiKeys;

/// <summary>
/// Makes the database agree with configuration at each start, in one transaction that replicas take turns at:
/// 1. every secret that configuration names is an active key of no other secret, unless an administrator revoked it;
/// 2. a configured key that is no longer named is revoked, and so is a generated administrator's key once one is configured;
/// 3. without any active administrator's key, one is generated, and printed before the commit: a process that is killed between the two leaves
///    a printed key that never was rather than an administrator's key that nobody saw;
/// 4. the audit and the gateways learn of each change, so that what a start revokes stops everywhere at once.
/// </summary>
internal sealed partial class KeySeeding(
    IServiceScopeFactory scopes,
    IOptions<KeysOptions> options,
    TimeProvider time,
    ILogger<KeySeeding> logger,
    ILogger<AdministratorKey> secretLogger) : IHostedService
{
    private bool _isPrinted;

    public async Task StartAsync(CancellationToken cancellationToken)
    {
        // Made before the transaction: if the commit's answer is lost and the transaction runs again, it finds this very key, which was printed.
        var generated = new ConfiguredKey(KeySecret.Generate(), Account.Administrator, KeyRole.Administrator, "generated at the first start");
        await using var scope = scopes.CreateAsyncScope();
        var db = scope.ServiceProvider.GetRequiredService<KeysDbContext>();

        var seeded = await db.Database.CreateExecutionStrategy().ExecuteAsync(cancel => SeedAsync(db, generated, cancel), cancellationToken);
        foreach (var revoked in seeded.StayRevoked)
        {
            Log.StaysRevoked(logger, revoked.Name, revoked.Secret.Masked());
        }

        foreach (var expired in seeded.StayExpired)
        {
            Log.StaysExpired(logger, expired.Name, expired.Secret.Masked());
        }

        if (options.Value.InternalSecret == KeysOptionsValidator.Placeholder)
        {
            Log.PlaceholderIgnored(logger);
        }
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    private async Task<Seeded> SeedAsync(KeysDbContext db, ConfiguredKey generated, CancellationToken cancellationToken)
    {
        db.ChangeTracker.Clear();
        await using var transaction = await db.Database.BeginTransactionAsync(cancellationToken);
        await DatabaseLock.HoldForTransactionAsync(db, Mutations.Lock, cancellationToken);

        var mutation = new Mutation(db, Actor.Configuration, Moment.Now(time));
        var wanted = ConfiguredKey.Of(options.Value).ToList();
        foreach (var account in wanted.Select(key => key.AccountId).Concat([Account.Default, Account.Administrator]).Distinct())
        {
            await OpenAsync(mutation, account, cancellationToken);
        }

        var byHash = await LoadAsync(db, [.. wanted, generated], cancellationToken);
        var lost = await NamedSecrets.KeepAsync(db, wanted, byHash, cancellationToken);
        var stayRevoked = Seed(mutation, wanted, byHash, lost); // 1
        RevokeUnnamed(mutation, wanted.Except(stayRevoked).ToList()); // 2
        await db.SaveChangesAsync(cancellationToken);

        if (!byHash.ContainsKey(Convert.ToHexString(generated.Hash)) && !await HasAdministratorAsync(mutation, cancellationToken))
        {
            Add(mutation, generated, KeySource.Generated, "key.generated"); // 3
            await db.SaveChangesAsync(cancellationToken);
            PrintOnce(generated);
        }

        if (mutation.Changes.Count > 0)
        {
            await ChangeLog.AppendAsync(db, mutation.Changes, cancellationToken); // 4
        }

        await transaction.CommitAsync(cancellationToken);
        return new Seeded(stayRevoked, wanted.Where(want => IsExpired(want, byHash, mutation.Now)).Except(stayRevoked).ToList());
    }

    private void PrintOnce(ConfiguredKey generated)
    {
        if (!_isPrinted)
        {
            Log.Generated(secretLogger, generated.Secret.Reveal());
            _isPrinted = true;
        }
    }

    private static bool IsExpired(ConfiguredKey want, Dictionary<string, ApiKey> byHash, DateTimeOffset now) =>
        byHash.TryGetValue(Convert.ToHexString(want.Hash), out var key) && key.ExpiresAt <= now;

    /// <summary>Those that configuration names or once named, of a table that may have any number of others.</summary>
    private static async Task<Dictionary<string, ApiKey>> LoadAsync(
        KeysDbContext db, IReadOnlyCollection<ConfiguredKey> named, CancellationToken cancellationToken)
    {
        var hashes = named.Select(key => key.Hash).ToArray();
        var ids = db.KeySecrets.Where(secret => hashes.Contains(secret.Hash)).Select(secret => secret.KeyId);
        var known = await db.ApiKeys.Include(key => key.Secrets).Where(key => ids.Contains(key.Id)).ToListAsync(cancellationToken);
        await db.ApiKeys
            .Where(key => key.RevokedAt == null && (key.Source == KeySource.Configured || key.Source == KeySource.Generated))
            .LoadAsync(cancellationToken);
        return known
            .SelectMany(key => key.Secrets, (key, secret) => (Hash: Convert.ToHexString(secret.Hash), Key: key))
            .ToDictionary(pair => pair.Hash, pair => pair.Key);
    }

    /// <returns>Those that an administrator revoked.</returns>
    private static List<ConfiguredKey> Seed(
        Mutation mutation, List<ConfiguredKey> wanted, Dictionary<string, ApiKey> byHash, Dictionary<ApiKey, int> lost)
    {
        var stayRevoked = new List<ConfiguredKey>();
        var known = new HashSet<ApiKey>();
        foreach (var want in wanted)
        {
            if (!byHash.TryGetValue(Convert.ToHexString(want.Hash), out var key))
            {
                Add(mutation, want, KeySource.Configured, "key.configured");
            }
            else if (ConfiguredKey.StaysRevoked(key))
            {
                stayRevoked.Add(want);
            }
            else
            {
                want.ApplyTo(key);
                known.Add(key);
            }
        }

        foreach (var key in known)
        {
            Record(mutation, key, "key.configured", lost.GetValueOrDefault(key));
        }

        return stayRevoked;
    }

    private static void RevokeUnnamed(Mutation mutation, List<ConfiguredKey> active)
    {
        var named = active.Select(want => Convert.ToHexString(want.Hash)).ToHashSet();
        var replacesGenerated = active.Any(want => want.Role == KeyRole.Administrator);
        var unnamed = mutation.Db.ApiKeys.Local.Where(key => key.RevokedAt is null
            && (key.Source == KeySource.Configured || (key.Source == KeySource.Generated && replacesGenerated))
            && !key.Secrets.Any(secret => named.Contains(Convert.ToHexString(secret.Hash))));
        foreach (var key in unnamed.ToList())
        {
            key.RevokedAt = mutation.Now;
            Record(mutation, key, "key.revoked");
        }
    }

    private static void Add(Mutation mutation, ConfiguredKey want, KeySource source, string action)
    {
        var key = want.ToKey(source, mutation.Now);
        mutation.Db.ApiKeys.Add(key);
        mutation.Record(key, action, KeyAudit.Of(key));
    }

    private static void Record(Mutation mutation, ApiKey key, string action, int lostSecrets = 0)
    {
        var differences = mutation.Differences(key);
        if (lostSecrets > 0)
        {
            differences["removed_secrets"] = lostSecrets;
        }

        if (differences.Count > 0)
        {
            mutation.Record(key, action, differences);
        }
    }

    private static async Task OpenAsync(Mutation mutation, string id, CancellationToken cancellationToken)
    {
        if (await AccountOpening.OpenAsync(mutation.Db, id, mutation.Now, cancellationToken))
        {
            mutation.Record(new Account { Id = id, CreatedAt = mutation.Now }, "account.created", new { });
        }
    }

    private static Task<bool> HasAdministratorAsync(Mutation mutation, CancellationToken cancellationToken) => mutation.Db.ApiKeys.AnyAsync(
        key => key.Role == KeyRole.Administrator && key.RevokedAt == null && (key.ExpiresAt == null || key.ExpiresAt > mutation.Now)
            && mutation.Db.Accounts.Any(account => account.Id == key.AccountId && account.RevokedAt == null),
        cancellationToken);

    private sealed record Seeded(List<ConfiguredKey> StayRevoked, List<ConfiguredKey> StayExpired);

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Warning,
            "No ADMIN_API_KEY is set, so an administrator's key was made. It is shown this once and stored as a hash only: {Secret}")]
        public static partial void Generated(ILogger logger, string secret);

        [LoggerMessage(2, LogLevel.Warning, "{Setting} ({MaskedKey}) was revoked by an administrator and stays so. Take it out of the configuration.")]
        public static partial void StaysRevoked(ILogger logger, string setting, string maskedKey);

        [LoggerMessage(4, LogLevel.Warning,
            "{Setting} ({MaskedKey}) has the expiry that an administrator gave it, which is over. Take the expiry away, or the key out of the configuration.")]
        public static partial void StaysExpired(ILogger logger, string setting, string maskedKey);

        [LoggerMessage(3, LogLevel.Warning, "INTERNAL_API_KEY is the placeholder that everybody knows, so there is none. In production this stops the start.")]
        public static partial void PlaceholderIgnored(ILogger logger);
    }
}

/// <summary>The log category of the one line that has a secret: for the console, never for a collector.</summary>
internal sealed class AdministratorKey;
