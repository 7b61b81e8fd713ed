using LlmGateway.Keys.Management;
using LlmGateway.Protos.Keys.V1;

namespace LlmGateway.Keys.ApiKeys;

/// <summary>Gives a key another secret; the one before goes on for the overlap.</summary>
internal sealed class KeyRotation(Mutations mutations, KeyViews views)
{
    /// <summary>Old ones that still work. More than that is no rotation any more.</summary>
    private const int MostOldSecrets = 10;

    public Task<Outcome<IssuedKey>> RotateAsync(RotateKeyRequest request, CancellationToken cancellationToken)
    {
        var fields = new Fields().Key(request.Key).Overlap(request.Overlap);

        // Outside of the transaction, so that one that is run again makes no other.
        var secret = KeySecret.Generate();
        return mutations.RunAsync<IssuedKey>(request.Actor, fields, RotateAsync, cancellationToken);

        async Task<Outcome<IssuedKey>> RotateAsync(Mutation mutation, CancellationToken cancel)
        {
            var found = await KeyLookup.FindAsync(mutation.Db, request.Key, cancel);
            if (found.Value is not { } key)
            {
                return found.Rejection!;
            }

            if (WhyNot(key, mutation.Now) is { } why)
            {
                return Refused.Conflict("key", why);
            }

            var overlap = request.Overlap?.ToTimeSpan() ?? TimeSpan.Zero;
            End(mutation, key, overlap);
            if (key.Secrets.Count > MostOldSecrets)
            {
                return Refused.Conflict("key", "10 old secrets of it still work; rotate with an overlap of 0, or wait until one expires.");
            }

            key.Secrets.Add(secret.ToRow(mutation.Now));
            mutation.Record(key, "key.rotated", new { MaskedKey = secret.Masked(), OverlapSeconds = overlap.TotalSeconds });
            return new IssuedKey { Key = await views.OfAsync(key, mutation.Now, cancel), Secret = secret.Reveal() };
        }
    }

    // The overlap of this rotation bounds those before: after a rotation without one, only the new secret works.
    private static void End(Mutation mutation, ApiKey key, TimeSpan overlap)
    {
        var end = mutation.Now + overlap;
        foreach (var old in key.Secrets.ToList())
        {
            old.ExpiresAt = old.ExpiresAt < end ? old.ExpiresAt : end;
            if (old.ExpiresAt <= mutation.Now)
            {
                key.Secrets.Remove(old);
                mutation.Db.KeySecrets.Remove(old);
            }
        }
    }

    private static string? WhyNot(ApiKey key, DateTimeOffset now) => key switch
    {
        { RevokedAt: not null } => "it is revoked; issue another key.",
        _ when key.ExpiresAt <= now => "it has expired; set another expiry first, or issue another key.",
        { Source: KeySource.Configured } => "its secret is set by configuration (ALLOWED_API_KEYS, ADMIN_API_KEY or INTERNAL_API_KEY); change it there.",
        { Source: KeySource.Generated } => "it is the one made at the first start; issue an administrator's key and revoke this one, or set ADMIN_API_KEY.",
        { Source: KeySource.Token } => "it has no secret: it stands for the tokens of an outside issuer.",
        _ => null,
    };
}
