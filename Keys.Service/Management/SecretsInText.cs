using System.Security.Cryptography;
using System.Text;
using LlmGateway.Keys.ApiKeys;
using LlmGateway.Keys.Data;
using LlmGateway.Protos.Keys.V1;
using Microsoft.EntityFrameworkCore;

namespace LlmGateway.Keys.Management;

/// <summary>Finds keys that were pasted into a name or a description, from where they would go into every list and log.</summary>
internal static class SecretsInText
{
    // A key of any form can be a part of a text. Shorter words are too likely to be just that, so they are looked at only as a whole text.
    private const int ShortestWord = 16;

    public static async Task<Rejection?> FindAsync(
        KeysDbContext db, IReadOnlyCollection<(string Field, string Text)> texts, CancellationToken cancellationToken)
    {
        if (texts.FirstOrDefault(text => KeySecret.IsIn(text.Text)) is { Field: { } field })
        {
            return LooksLikeOne(field);
        }

        var candidates = texts.SelectMany(text => Words(text.Text), (text, word) => (text.Field, Hash: SHA256.HashData(Encoding.UTF8.GetBytes(word)))).ToList();
        if (candidates.Count == 0)
        {
            return null;
        }

        var hashes = candidates.Select(candidate => candidate.Hash).ToArray();
        var known = await db.KeySecrets.AsNoTracking().Where(secret => hashes.Contains(secret.Hash)).Select(secret => secret.Hash).ToListAsync(cancellationToken);
        return known.Count == 0 ? null : LooksLikeOne(candidates.First(c => known.Any(hash => hash.AsSpan().SequenceEqual(c.Hash))).Field);
    }

    /// <summary>Of an account or a tariff that is made. A short id is a word like any other, whatever secret is the same word.</summary>
    public static async Task<Rejection?> FindInNewIdAsync(KeysDbContext db, string field, string id, CancellationToken cancellationToken) =>
        id.Length < ShortestWord ? null : await FindAsync(db, [(field, id)], cancellationToken);

    public static Rejection LooksLikeOne(string field) => Refused.Invalid(field, "looks like an API key, which must not be seen.");

    public static IEnumerable<string> Words(string text) =>
        text.Split(' ', StringSplitOptions.RemoveEmptyEntries).Where(word => word.Length >= ShortestWord).Append(text.Trim()).Distinct();
}
