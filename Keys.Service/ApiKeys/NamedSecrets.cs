using LlmGateway.Keys.Data;
using Microsoft.EntityFrameworkCore;

namespace LlmGateway.Keys.ApiKeys;

/// <summary>
/// A key that configuration names has the secrets that it names, and no other: whoever holds one of an earlier rotation would get the role and the
/// account that configuration gives the key. Where it names two secrets of one key for different roles, the second becomes a key of its own.
/// </summary>
internal static class NamedSecrets
{
    /// <summary>Takes the others from their keys and from <paramref name="byHash"/>, in the caller's transaction.</summary>
    /// <returns>How many each key lost.</returns>
    public static async Task<Dictionary<ApiKey, int>> KeepAsync(
        KeysDbContext db, IEnumerable<ConfiguredKey> wanted, Dictionary<string, ApiKey> byHash, CancellationToken cancellationToken)
    {
        var lost = new Dictionary<ApiKey, int>();
        foreach (var (key, wants) in wanted.GroupBy(want => byHash.GetValueOrDefault(Convert.ToHexString(want.Hash))).Select(group => (group.Key, group.ToList())))
        {
            if (key is not null && !ConfiguredKey.StaysRevoked(key) && Others(key, wants) is { Count: > 0 } others)
            {
                lost[key] = others.Count;
                await RemoveAsync(db, key, others, cancellationToken);
                others.ForEach(secret => byHash.Remove(Convert.ToHexString(secret.Hash)));
            }
        }

        return lost;
    }

    private static List<ApiKeySecret> Others(ApiKey key, List<ConfiguredKey> wants)
    {
        var kept = wants.Where(want => (want.Role, want.AccountId) == (wants[0].Role, wants[0].AccountId))
            .Select(want => Convert.ToHexString(want.Hash)).ToHashSet();
        return key.Secrets.Where(secret => !kept.Contains(Convert.ToHexString(secret.Hash))).ToList();
    }

    // At once and untracked, so that the same secret can be added to another key.
    private static async Task RemoveAsync(KeysDbContext db, ApiKey key, List<ApiKeySecret> secrets, CancellationToken cancellationToken)
    {
        var hashes = secrets.Select(secret => secret.Hash).ToArray();
        await db.KeySecrets.Where(secret => hashes.Contains(secret.Hash)).ExecuteDeleteAsync(cancellationToken);
        foreach (var secret in secrets)
        {
            db.Entry(secret).State = EntityState.Detached;
            key.Secrets.Remove(secret);
        }
    }
}
