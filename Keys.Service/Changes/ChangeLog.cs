using System.Globalization;
using LlmGateway.Keys.Data;
using LlmGateway.ServiceDefaults;
using Microsoft.EntityFrameworkCore;

namespace LlmGateway.Keys.Changes;

/// <summary>Tells the gateways what they may not remember any longer.</summary>
/// <remarks>
/// Positions must become visible in their order: a reader that has seen 7 never looks for 6 again. An identity column alone does not give
/// that, because transactions commit in another order than they draw numbers; so writers take turns, from here to their commit.
/// </remarks>
internal static class ChangeLog
{
    /// <summary>What is listened for (PostgreSQL NOTIFY). Its payload means nothing.</summary>
    public const string Channel = "llmgateway_keys_changes";

    /// <summary>The last step of a transaction: it holds other writers up until the commit.</summary>
    public static async Task AppendAsync(
        KeysDbContext db, IReadOnlyCollection<(ChangedThing Thing, string Subject)> changes, CancellationToken cancellationToken)
    {
        await DatabaseLock.HoldForTransactionAsync(db, "keys changes", cancellationToken);
        db.Changes.AddRange(changes.Select(change => new ChangeRecord { Thing = change.Thing, Subject = change.Subject }));
        await db.SaveChangesAsync(cancellationToken);
        await db.Database.ExecuteSqlRawAsync(string.Create(CultureInfo.InvariantCulture, $"NOTIFY {Channel}"), cancellationToken);
    }
}
