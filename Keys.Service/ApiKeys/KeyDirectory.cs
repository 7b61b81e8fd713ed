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
        var key = await db.ApiKeys.AsNoTracking().SingleOrDefaultAsync(k => k.SecretHash == hash, cancellationToken);

        // The index compares bytes until the first that differs; the last word is a comparison that takes the same time for all.
        return key is not null && CryptographicOperations.FixedTimeEquals(key.SecretHash, hash) ? key : null;
    }
}
