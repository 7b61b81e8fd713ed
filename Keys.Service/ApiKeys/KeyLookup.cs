using LlmGateway.Keys.Data;
using LlmGateway.Keys.Management;
using Microsoft.EntityFrameworkCore;

namespace LlmGateway.Keys.ApiKeys;

/// <summary>The key that a request means: by its id, or by its name if only one key that is not revoked has it.</summary>
internal static class KeyLookup
{
    private const int MostNamed = 10;
    private const string Field = "key";

    /// <summary>What is to be done before <see cref="FindAsync"/>: a secret in the place of a name is refused, and not repeated.</summary>
    public static Fields Key(this Fields fields, string key) => fields.Name(Field, key);

    /// <returns>Tracked, with its secrets.</returns>
    public static async Task<Outcome<ApiKey>> FindAsync(KeysDbContext db, string key, CancellationToken cancellationToken)
    {
        var keys = db.ApiKeys.Include(k => k.Secrets);
        if (Guid.TryParseExact(key, "D", out var id) && await keys.SingleOrDefaultAsync(k => k.Id == id, cancellationToken) is { } byId)
        {
            return byId;
        }

        var ids = await db.ApiKeys.Where(k => k.Name == key && k.RevokedAt == null)
            .OrderBy(k => k.Id).Select(k => k.Id).Take(MostNamed + 1).ToListAsync(cancellationToken);
        return ids.Count switch
        {
            0 => Refused.NotFound(Field, "no key has this id, and none that is not revoked has this name."),
            1 => await keys.SingleAsync(k => k.Id == ids[0], cancellationToken),
            _ => Refused.Conflict(
                Field,
                $"several keys have this name; say the id of one: {string.Join(", ", ids.Take(MostNamed))}{(ids.Count > MostNamed ? ", ..." : "")}."),
        };
    }
}
