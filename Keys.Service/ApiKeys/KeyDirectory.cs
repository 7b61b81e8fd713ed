using System.Security.Cryptography;
using LlmGateway.Keys.Data;
using Microsoft.EntityFrameworkCore;

namespace LlmGateway.Keys.ApiKeys;

/// <summary>Finds the key that a secret belongs to.</summary>
internal sealed class KeyDirectory(KeysDbContext db)
{
    // Compiled once: this runs for each request whose key the gateway does not remember.
    private static readonly Func<KeysDbContext, byte[], CancellationToken, Task<ApiKey?>> ByHash = EF.CompileAsyncQuery(
        (KeysDbContext db, byte[] hash, CancellationToken cancellationToken) =>
            db.ApiKeys.AsNoTracking().SingleOrDefault(key => key.SecretHash == hash));

    /// <summary>Null when no key has this secret. A revoked key is returned as it is.</summary>
    public async Task<ApiKey?> FindAsync(KeySecret secret, CancellationToken cancellationToken)
    {
        var hash = secret.Hash();
        var key = await ByHash(db, hash, cancellationToken);

        // The index compares bytes until the first that differs; the last word is a comparison that takes the same time for all.
        return key is not null && CryptographicOperations.FixedTimeEquals(key.SecretHash, hash) ? key : null;
    }
}
