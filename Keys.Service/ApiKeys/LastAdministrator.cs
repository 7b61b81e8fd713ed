using LlmGateway.Keys.Accounts;
using LlmGateway.Keys.Data;
using Microsoft.EntityFrameworkCore;

namespace LlmGateway.Keys.ApiKeys;

/// <summary>Somebody must be left who can undo what was done. A key that will expire does not count.</summary>
internal static class LastAdministrator
{
    public const string Why =
        "this would leave no administrator's key that works without an end; issue one (role administrator, without an expiry) first.";

    /// <summary>Asked with the lock of <see cref="Management.Mutations"/> held.</summary>
    public static Task<bool> RemainsAsync(KeysDbContext db, string? withoutAccount, Guid? withoutKey, CancellationToken cancellationToken) =>
        Remaining(db, withoutAccount, withoutKey).AnyAsync(cancellationToken);

    /// <summary>Whether an account has keys that count, and no other has. Asked with the same lock.</summary>
    public static async Task<bool> IsOfAsync(KeysDbContext db, string account, CancellationToken cancellationToken) =>
        await db.ApiKeys.AnyAsync(
            key => key.AccountId == account && key.Role == KeyRole.Administrator && key.RevokedAt == null && key.ExpiresAt == null, cancellationToken)
        && !await RemainsAsync(db, withoutAccount: account, withoutKey: null, cancellationToken);

    /// <summary>Whether taking this key away can matter: one that does not count now can.</summary>
    public static bool Counts(ApiKey key) => key is { Role: KeyRole.Administrator, RevokedAt: null, ExpiresAt: null };

    internal static IQueryable<ApiKey> Remaining(KeysDbContext db, string? withoutAccount, Guid? withoutKey) => db.ApiKeys.Where(
        key => key.Role == KeyRole.Administrator && key.RevokedAt == null && key.ExpiresAt == null
            && key.Id != withoutKey && key.AccountId != withoutAccount
            && db.Accounts.Any(account => account.Id == key.AccountId && account.RevokedAt == null));
}
