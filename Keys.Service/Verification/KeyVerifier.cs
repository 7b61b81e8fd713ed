using System.Security.Cryptography;
using LlmGateway.Keys.ApiKeys;
using LlmGateway.Keys.Tokens;
using LlmGateway.Protos.Keys.V1;
using Npgsql;

namespace LlmGateway.Keys.Verification;

/// <summary>Finds what presented secrets stand for.</summary>
internal sealed class KeyVerifier(NpgsqlDataSource database, TimeProvider time)
{
    /// <summary>Of one request.</summary>
    public const int MaxSecrets = 256;

    public async Task<KeyVerdicts> VerifyAsync(IReadOnlyList<PresentedSecret> presented, CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow();
        var hashes = new byte[]?[presented.Count];
        for (var index = 0; index < hashes.Length; index++)
        {
            hashes[index] = KeySecret.Parse(presented[index].Secret)?.Hash();
        }

        var answer = await KeyStatement.ExecuteAsync(
            database, new KeyQuestion([.. hashes.OfType<byte[]>()], [], []), now, cancellationToken);
        var bySecret = answer.BySecret.ToDictionary(found => Convert.ToHexString(found.Hash));

        var verdicts = new KeyVerdict[presented.Count];
        for (var index = 0; index < verdicts.Length; index++)
        {
            verdicts[index] = hashes[index] is { } hash && Find(bySecret, hash) is { } key
                ? OfKey(key, presented[index].Internal, now)
                : KeyVerdict.Refused(TokenText.IsThreePart(presented[index].Secret) ? RefusalReason.InvalidToken : RefusalReason.UnknownKey);
        }

        return new KeyVerdicts(verdicts, now, answer.Position);
    }

    // The index and the dictionary compare until the first difference; the last word is a comparison that takes the same time for all.
    private static KnownKey? Find(Dictionary<string, (byte[] Hash, KnownKey Key)> bySecret, byte[] hash) =>
        bySecret.TryGetValue(Convert.ToHexString(hash), out var found) && CryptographicOperations.FixedTimeEquals(found.Hash, hash)
            ? found.Key
            : null;

    // The operator's own services have a header of their own, which lets no other key in, and their keys open no other door.
    private static KeyVerdict OfKey(KnownKey key, bool isInternal, DateTimeOffset now) => isInternal == (key.Role == KeyRole.Internal)
        ? KeyVerdict.Of(key, secretExpiresAt: null, now)
        : KeyVerdict.Refused(RefusalReason.UnknownKey);
}
