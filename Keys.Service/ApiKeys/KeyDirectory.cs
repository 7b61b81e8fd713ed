using System.Security.Cryptography;
using LlmGateway.Keys.Data;
using Microsoft.EntityFrameworkCore;

namespace LlmGateway.Keys.ApiKeys;

/// <summary>Finds the key that a secret belongs to.</summary>
internal sealed class KeyDirectory(KeysDbContext db)
{
    /// <summary>Null when no key has this secret. A revoked key is returned as it is.</summary>
    public async Task<ApiKey?> FindAsync(KeySecret secret, CancellationToken cancellationToken)
    {
        var hash = secret.Hash();
        var known = await db.KeySecrets.AsNoTracking().SingleOrDefaultAsync(s => s.Hash == hash, cancellationToken);

        // The index compares bytes until the first that differs; the last word is a comparison that takes the same time for all.
        return known is not null && CryptographicOperations.FixedTimeEquals(known.Hash, hash)
            ? await db.ApiKeys.AsNoTracking().Include(k => k.Secrets).SingleAsync(k => k.Id == known.KeyId, cancellationToken)
            : null;
    }
}
