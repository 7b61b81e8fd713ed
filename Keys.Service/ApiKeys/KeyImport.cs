using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using LlmGateway.Keys.Limits;
using LlmGateway.Keys.Management;
using LlmGateway.Protos.Keys.V1;
using Microsoft.EntityFrameworkCore;

namespace LlmGateway.Keys.ApiKeys;

/// <summary>Takes over keys whose secrets exist already, all or none.</summary>
internal sealed class KeyImport(Mutations mutations, KeyViews views)
{
    private const int MostKeys = 10_000;

    public Task<Outcome<ImportKeysReply>> ImportAsync(ImportKeysRequest request, CancellationToken cancellationToken)
    {
        var account = KeyAccount.Or(request.AccountId);
        var fields = new Fields().Must(request.Keys.Count is > 0 and <= MostKeys, "keys", "must be 1 to 10000 keys.").AccountId("account_id", account);
        if (fields.Problem is not null)
        {
            return Task.FromResult<Outcome<ImportKeysReply>>(fields.Problem);
        }

        var hashes = new Dictionary<string, int>(request.Keys.Count);
        for (var index = 0; index < request.Keys.Count && fields.Problem is null; index++)
        {
            fields.And(Check(request.Keys[index], index, hashes));
        }

        RefuseOwnSecrets(fields, hashes);
        return mutations.RunAsync<ImportKeysReply>(request.Actor, fields, ImportAsync, cancellationToken);

        async Task<Outcome<ImportKeysReply>> ImportAsync(Mutation mutation, CancellationToken cancel)
        {
            var wanted = hashes.Keys.Select(Convert.FromHexString).ToArray();
            var known = await mutation.Db.KeySecrets.Where(secret => wanted.Contains(secret.Hash)).Select(secret => secret.Hash).ToListAsync(cancel);
            if (known.Count > 0)
            {
                return Refused.Conflict(Path(known.Min(hash => hashes[Convert.ToHexString(hash)]), "secret"), "a key with this secret exists already.");
            }

            if (await KeyAccount.OpenAsync(mutation, account, cancel) is { } refused)
            {
                return refused;
            }

            var keys = request.Keys.Select(imported => ToKey(imported, account, mutation.Now)).ToList();
            mutation.Db.ApiKeys.AddRange(keys);
            keys.ForEach(key => mutation.Record(key, "key.imported", KeyAudit.Of(key)));
            return new ImportKeysReply { Keys = { await views.OfAsync(keys, mutation.Now, cancel) } };
        }
    }

    private static Fields Check(ImportedKey key, int index, Dictionary<string, int> hashes)
    {
        var secret = Parse(key.Secret);
        var fields = new Fields(Path(index, ""))
            .Must(secret is not null, "secret", $"must be 1 to {KeySecret.MaxLength} printable ASCII characters without spaces.");
        if (secret is not null)
        {
            var isNew = hashes.TryAdd(Convert.ToHexString(secret.Hash()), index);
            fields.Must(isNew, "secret", "is in the request twice.");
        }

        return fields.Name("name", key.Name).Description(key.Description).Limits(KeyLimits.From(key.Limits));
    }

    // They are in no table yet, in which names are looked for otherwise.
    private static void RefuseOwnSecrets(Fields fields, Dictionary<string, int> hashes)
    {
        foreach (var (field, text) in fields.Texts)
        {
            if (SecretsInText.Words(text).Any(word => hashes.ContainsKey(Convert.ToHexString(SHA256.HashData(Encoding.UTF8.GetBytes(word))))))
            {
                fields.And(new Fields(field).LooksLikeSecret());
                return;
            }
        }
    }

    private static ApiKey ToKey(ImportedKey imported, string account, DateTimeOffset now) => new()
    {
        Id = Guid.CreateVersion7(now),
        AccountId = account,
        Name = imported.Name,
        Description = imported.Description,
        Role = KeyRole.Account,
        Source = KeySource.Imported,
        Limits = KeyLimits.From(imported.Limits),
        CreatedAt = now,
        Secrets = [Parse(imported.Secret)!.ToRow(now)],
    };

    private static KeySecret? Parse(string secret) => secret.Contains(' ', StringComparison.Ordinal) ? null : KeySecret.Parse(secret);

    private static string Path(int index, string field) => string.Create(CultureInfo.InvariantCulture, $"keys[{index}].{field}");
}
