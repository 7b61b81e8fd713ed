using LlmGateway.Keys.Accounts;
using LlmGateway.Keys.ApiKeys;
using LlmGateway.Keys.Audit;
using LlmGateway.Keys.Data;
using Microsoft.EntityFrameworkCore;

namespace LlmGateway.Keys.Tokens;

/// <summary>Opens what an outside issuer's tokens stand for: their subjects' accounts, each with one key that has no secret.</summary>
internal sealed class TokenAccounts(IServiceScopeFactory scopes, TimeProvider time)
{
    private const string KeyName = "tokens";

    /// <summary>Any number at once, beside others that open the same ones.</summary>
    public async Task OpenAsync(IEnumerable<string> accounts, CancellationToken cancellationToken)
    {
        // In one order everywhere, so that two batches cannot wait for each other.
        var ids = accounts.Distinct().Order(StringComparer.Ordinal).ToArray();
        await using var scope = scopes.CreateAsyncScope();
        var db = scope.ServiceProvider.GetRequiredService<KeysDbContext>();
        await db.Database.CreateExecutionStrategy().ExecuteAsync(cancel => OpenAsync(db, ids, cancel), cancellationToken);
    }

    private async Task OpenAsync(KeysDbContext db, string[] ids, CancellationToken cancellationToken)
    {
        db.ChangeTracker.Clear();
        await using var transaction = await db.Database.BeginTransactionAsync(cancellationToken);
        var now = time.GetUtcNow();
        foreach (var id in ids)
        {
            if (await AccountOpening.OpenAsync(db, id, now, cancellationToken))
            {
                AuditLog.Add(db, Actor.Issuer, now, "account.created", ("account", id), new { Id = id });
            }

            var key = Guid.CreateVersion7(now);
            var added = await db.Database.ExecuteSqlAsync(
                $"""
                INSERT INTO keys.api_keys (id, account_id, name, role, source, created_at) VALUES ({key}, {id}, {KeyName}, 'account', 'token', {now})
                ON CONFLICT (account_id) WHERE source = 'token' DO NOTHING
                """,
                cancellationToken);
            if (added == 1)
            {
                AuditLog.Add(db, Actor.Issuer, now, "key.issued", ("key", key.ToString()), new { AccountId = id, Name = KeyName, Source = KeySource.Token.ToString() });
            }
        }

        await db.SaveChangesAsync(cancellationToken);
        await transaction.CommitAsync(cancellationToken);
    }
}
