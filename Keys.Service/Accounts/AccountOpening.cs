using LlmGateway.Keys.Data;
using Microsoft.EntityFrameworkCore;

namespace LlmGateway.Keys.Accounts;

internal static class AccountOpening
{
    /// <summary>Opens an account that may be opened by another at the same moment.</summary>
    /// <returns>False when there is one already.</returns>
    public static async Task<bool> OpenAsync(KeysDbContext db, string id, DateTimeOffset now, CancellationToken cancellationToken) =>
        await db.Database.ExecuteSqlAsync(
            $"INSERT INTO keys.accounts (id, created_at) VALUES ({id}, {now}) ON CONFLICT (id) DO NOTHING", cancellationToken) == 1;
}
