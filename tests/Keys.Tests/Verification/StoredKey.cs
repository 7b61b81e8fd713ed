using LlmGateway.Keys.Accounts;
using LlmGateway.Keys.ApiKeys;
using LlmGateway.Keys.Data;
using Microsoft.EntityFrameworkCore;

namespace LlmGateway.Keys.Tests.Verification;

/// <summary>A key as the database has it, past all rules of management.</summary>
internal static class StoredKey
{
    public static ApiKeySecret Secret(string secret, DateTimeOffset? expiresAt = null)
    {
        var parsed = KeySecret.Parse(secret)!;
        return new ApiKeySecret { Hash = parsed.Hash(), Masked = parsed.Masked(), CreatedAt = TimeProvider.System.GetUtcNow(), ExpiresAt = expiresAt };
    }

    public static async Task<ApiKey> AddAsync(string database, string secret, Action<ApiKey>? configure = null, string account = Account.Default, Guid? id = null)
    {
        await using var db = Database.Open(database);
        if (!await db.Accounts.AnyAsync(a => a.Id == account))
        {
            db.Accounts.Add(new Account { Id = account, CreatedAt = TimeProvider.System.GetUtcNow() });
        }

        var key = new ApiKey
        {
            Id = id ?? Guid.NewGuid(),
            AccountId = account,
            Name = "stored",
            Role = KeyRole.Account,
            Source = KeySource.Issued,
            CreatedAt = TimeProvider.System.GetUtcNow(),
            Secrets = [Secret(secret)],
        };
        configure?.Invoke(key);
        db.ApiKeys.Add(key);
        await db.SaveChangesAsync();
        return key;
    }

    public static async Task ChangeAsync(string database, Func<KeysDbContext, Task> change)
    {
        await using var db = Database.Open(database);
        await change(db);
        await db.SaveChangesAsync();
    }
}
