using System.Buffers.Binary;
using System.Data.Common;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Microsoft.EntityFrameworkCore;

namespace LlmGateway.ServiceDefaults;

/// <summary>
/// Work that one replica does while the others wait: a PostgreSQL advisory lock, which its server releases when the holder's session
/// ends, however it ends.
/// </summary>
public static class DatabaseLock
{
    // Longer than any migration of ours; a lock that is not free by then is held by something that hangs.
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(10);

    /// <summary>Holds the lock on this context's connection, which must be open, until the result is disposed.</summary>
    public static async Task<IAsyncDisposable> HoldForSessionAsync(DbContext db, string name, CancellationToken cancellationToken)
    {
        await CallAsync(db, "pg_advisory_lock", name, cancellationToken);
        return new SessionLock(db, name);
    }

    /// <summary>Holds the lock until this context's current transaction ends.</summary>
    public static Task HoldForTransactionAsync(DbContext db, string name, CancellationToken cancellationToken) =>
        CallAsync(db, "pg_advisory_xact_lock", name, cancellationToken);

    private static async Task CallAsync(DbContext db, string function, string name, CancellationToken cancellationToken)
    {
        await using var command = db.Database.GetDbConnection().CreateCommand();
        command.CommandText = string.Create(CultureInfo.InvariantCulture, $"SELECT {function}({Number(name)})");
        command.CommandTimeout = (int)Patience.TotalSeconds;
        await command.ExecuteNonQueryAsync(cancellationToken);
    }

    // The lock's name is 64 bits wide and shared by all that use the database.
    private static long Number(string name) =>
        BinaryPrimitives.ReadInt64BigEndian(SHA256.HashData(Encoding.UTF8.GetBytes("LlmGateway:" + name)));

    private sealed class SessionLock(DbContext db, string name) : IAsyncDisposable
    {
        // Explicit, because the connection goes back to a pool, where its session lives on.
        public async ValueTask DisposeAsync()
        {
            try
            {
                await CallAsync(db, "pg_advisory_unlock", name, CancellationToken.None);
            }
            catch (DbException)
            {
                // The session is gone, and the lock with it.
            }
        }
    }
}
