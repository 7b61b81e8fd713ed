using Microsoft.EntityFrameworkCore;

namespace LlmGateway.Keys.Data;

/// <summary>Whether a transaction whose commit got no answer was committed.</summary>
internal static class TransactionOutcome
{
    /// <summary>Of the current transaction.</summary>
    public static Task<string> TransactionIdAsync(this KeysDbContext db, CancellationToken cancellationToken) =>
        db.Database.SqlQuery<string>($"""SELECT pg_current_xact_id()::text AS "Value" """).SingleAsync(cancellationToken);

    /// <param name="db">Has a lock that the transaction held too, so that it has ended, one way or the other.</param>
    /// <param name="transaction">Its id.</param>
    /// <param name="cancellationToken">Of the call.</param>
    public static async Task<bool> IsCommittedAsync(this KeysDbContext db, string transaction, CancellationToken cancellationToken) =>
        await db.Database.SqlQuery<string?>($"""SELECT pg_xact_status({transaction}::xid8) AS "Value" """).SingleAsync(cancellationToken) == "committed";
}
