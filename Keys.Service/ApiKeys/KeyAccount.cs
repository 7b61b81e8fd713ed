using LlmGateway.Keys.Accounts;
using LlmGateway.Keys.Management;
using LlmGateway.Protos.Keys.V1;
using Microsoft.EntityFrameworkCore;
using Account = LlmGateway.Keys.Accounts.Account;

namespace LlmGateway.Keys.ApiKeys;

/// <summary>The account that a new key is of: opened if nobody did, refused if it is revoked.</summary>
internal static class KeyAccount
{
    public static string Or(string id) => id.Length == 0 ? Account.Default : id;

    public static async Task<Rejection?> OpenAsync(Mutation mutation, string id, CancellationToken cancellationToken)
    {
        var isNew = await AccountOpening.OpenAsync(mutation.Db, id, mutation.Now, cancellationToken);
        if (isNew && await SecretsInText.FindInNewIdAsync(mutation.Db, "account_id", id, cancellationToken) is { } secret)
        {
            return secret;
        }

        var account = await mutation.Db.Accounts.SingleAsync(a => a.Id == id, cancellationToken);
        if (isNew)
        {
            mutation.Record(account, "account.created", new { By = "key.issued" });
        }

        return account.RevokedAt is null ? null : Refused.Conflict("account_id", "the account is revoked; reinstate it first.");
    }
}
