using System.Security.Cryptography;
using LlmGateway.Keys.ApiKeys;
using LlmGateway.Keys.Tokens;
using LlmGateway.Protos.Keys.V1;
using Npgsql;

namespace LlmGateway.Keys.Verification;

/// <summary>Finds what presented secrets stand for.</summary>
internal sealed class KeyVerifier(NpgsqlDataSource database, TokenVerifier tokens, TokenAccounts tokenAccounts, TimeProvider time)
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

        var findings = await FindTokensAsync(presented, cancellationToken);
        var ofTokens = findings.OfType<TokenFinding>().Where(finding => !finding.IsUnavailable).ToList();
        var accounts = ofTokens.Where(finding => finding.KeyId is null).Select(finding => finding.Account).Distinct().ToArray();
        var answer = await KeyStatement.ExecuteAsync(
            database,
            new KeyQuestion([.. hashes.OfType<byte[]>()], [.. ofTokens.Select(finding => finding.KeyId).OfType<Guid>()], accounts),
            now,
            cancellationToken);
        var bySecret = answer.BySecret.ToDictionary(found => Convert.ToHexString(found.Hash));
        var byAccount = await OpenAsync(answer.ByAccount, accounts, now, cancellationToken);

        var verdicts = new KeyVerdict[presented.Count];
        for (var index = 0; index < verdicts.Length; index++)
        {
            // A key may look like a token, so it is looked for first.
            verdicts[index] = hashes[index] is { } hash && Find(bySecret, hash) is { } key
                ? OfKey(key, presented[index].Internal, now)
                : OfToken(presented[index].Secret, findings[index], answer.ById, byAccount, now);
        }

        return new KeyVerdicts(verdicts, now, answer.Position);
    }

    // x-internal-auth takes keys only.
    private async Task<TokenFinding?[]> FindTokensAsync(IReadOnlyList<PresentedSecret> presented, CancellationToken cancellationToken) =>
        await Task.WhenAll(presented.Select(one => !one.Internal && TokenText.IsThreePart(one.Secret)
            ? tokens.VerifyAsync(one.Secret, cancellationToken)
            : Task.FromResult<TokenFinding?>(null)));

    // A change between the two statements is after the position of the first, so the caller hears of it.
    private async Task<IReadOnlyDictionary<string, KnownKey>> OpenAsync(
        IReadOnlyDictionary<string, KnownKey> known, string[] accounts, DateTimeOffset now, CancellationToken cancellationToken)
    {
        var unknown = accounts.Where(account => !known.ContainsKey(account)).ToArray();
        if (unknown.Length == 0)
        {
            return known;
        }

        await tokenAccounts.OpenAsync(unknown, cancellationToken);
        return (await KeyStatement.ExecuteAsync(database, KeyQuestion.OfAccounts(accounts), now, cancellationToken)).ByAccount;
    }

    private static KeyVerdict OfToken(
        string secret,
        TokenFinding? finding,
        IReadOnlyDictionary<Guid, KnownKey> byId,
        IReadOnlyDictionary<string, KnownKey> byAccount,
        DateTimeOffset now)
    {
        if (finding is null or { IsUnavailable: true })
        {
            return KeyVerdict.Refused(finding is not null ? RefusalReason.Unavailable
                : TokenText.IsThreePart(secret) ? RefusalReason.InvalidToken : RefusalReason.UnknownKey);
        }

        // The account is compared because a key may have been given to another since.
        var key = finding.KeyId is { } id ? byId.GetValueOrDefault(id) : byAccount.GetValueOrDefault(finding.Account);
        return key is null || key.AccountId != finding.Account || key.Role == KeyRole.Internal
            ? KeyVerdict.Refused(RefusalReason.InvalidToken)
            : KeyVerdict.Of(key, finding.ExpiresAt, now);
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
