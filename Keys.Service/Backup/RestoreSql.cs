using System.Data.Common;
using System.Globalization;
using LlmGateway.Keys.Data;
using Microsoft.EntityFrameworkCore;

namespace LlmGateway.Keys.Backup;

/// <summary>What a restore asks of the database, on the tables of <see cref="RestoreTables"/>.</summary>
internal static class RestoreSql
{
    /// <summary>Nobody writes beside a restore; readers go on.</summary>
    public const string Lock =
        "LOCK TABLE keys.accounts, keys.tariffs, keys.tariff_versions, keys.api_keys, keys.key_secrets IN SHARE ROW EXCLUSIVE MODE";

    /// <summary>
    /// Fills overwritten_{accounts,tariffs,keys} with the ids of what exists and would become something else. When a key was last used is no
    /// difference. A key that the document does not have is overwritten too when it holds a secret of one that the document has, or stands for
    /// the tokens of the same account.
    /// </summary>
    public const string Compare =
        """
        CREATE TEMP TABLE overwritten_accounts ON COMMIT DROP AS
            SELECT r.id FROM restored_accounts r JOIN keys.accounts a USING (id) WHERE to_jsonb(r) <> to_jsonb(a);

        CREATE TEMP TABLE overwritten_tariffs ON COMMIT DROP AS
            SELECT r.id FROM restored_tariffs r JOIN keys.tariffs t USING (id) WHERE to_jsonb(r) <> to_jsonb(t)
            UNION
            SELECT d.tariff_id FROM (SELECT * FROM restored_tariff_versions EXCEPT SELECT * FROM keys.tariff_versions) d
                JOIN keys.tariffs t ON t.id = d.tariff_id
            UNION
            SELECT v.tariff_id FROM keys.tariff_versions v JOIN restored_tariffs r ON r.id = v.tariff_id
                WHERE NOT EXISTS (SELECT FROM restored_tariff_versions d
                    WHERE d.tariff_id = v.tariff_id AND d.effective_from = v.effective_from);

        CREATE TEMP TABLE overwritten_keys ON COMMIT DROP AS
            SELECT r.id FROM restored_api_keys r JOIN keys.api_keys k USING (id)
                WHERE to_jsonb(r) - 'last_used_at' <> to_jsonb(k) - 'last_used_at'
            UNION
            SELECT d.key_id FROM (SELECT * FROM restored_key_secrets EXCEPT SELECT * FROM keys.key_secrets) d
                JOIN keys.api_keys k ON k.id = d.key_id
            UNION
            SELECT s.key_id FROM keys.key_secrets s JOIN restored_api_keys r ON r.id = s.key_id
                WHERE NOT EXISTS (SELECT FROM restored_key_secrets d WHERE d.secret_hash = s.secret_hash AND d.key_id = s.key_id)
            UNION
            SELECT s.key_id FROM keys.key_secrets s JOIN restored_key_secrets r USING (secret_hash) WHERE r.key_id <> s.key_id
            UNION
            SELECT k.id FROM keys.api_keys k JOIN restored_api_keys r USING (account_id)
                WHERE k.source = 'token' AND r.source = 'token' AND k.id <> r.id;

        CREATE TEMP TABLE written_keys ON COMMIT DROP AS
            SELECT r.id FROM restored_api_keys r
                WHERE r.id IN (SELECT id FROM overwritten_keys) OR NOT EXISTS (SELECT FROM keys.api_keys k WHERE k.id = r.id);
        """;

    /// <summary>Keys of administrators that work without an end.</summary>
    public const string Administrators =
        """
        keys.api_keys k JOIN keys.accounts a ON a.id = k.account_id
        WHERE k.role = 'administrator' AND k.revoked_at IS NULL AND k.expires_at IS NULL AND a.revoked_at IS NULL
            AND EXISTS (SELECT FROM keys.key_secrets s WHERE s.key_id = k.id AND s.expires_at IS NULL)
        """;

    /// <summary>
    /// Tariffs, accounts, keys, secrets: each after what it refers to. Of keys that stand for tokens there may be one an account at every moment,
    /// so those that are overwritten give that up first.
    /// </summary>
    public static readonly string Write =
        $"""
        {Upsert("tariffs", RestoreTables.Tariffs)} WHERE tariffs.id IN (SELECT id FROM overwritten_tariffs);
        DELETE FROM keys.tariff_versions v USING overwritten_tariffs o WHERE o.id = v.tariff_id;
        INSERT INTO keys.tariff_versions ({RestoreTables.Versions})
            SELECT {RestoreTables.Versions} FROM restored_tariff_versions ON CONFLICT (tariff_id, effective_from) DO NOTHING;

        {Upsert("accounts", RestoreTables.Accounts)} WHERE accounts.id IN (SELECT id FROM overwritten_accounts);

        UPDATE keys.api_keys k SET source = 'imported' FROM overwritten_keys o WHERE o.id = k.id AND k.source = 'token';
        INSERT INTO keys.api_keys ({RestoreTables.Keys})
            SELECT {RestoreTables.Keys} FROM restored_api_keys WHERE id IN (SELECT id FROM written_keys)
            ON CONFLICT (id) DO UPDATE SET {Assignments(RestoreTables.Keys)},
                last_used_at = GREATEST(api_keys.last_used_at, excluded.last_used_at);

        DELETE FROM keys.key_secrets s USING written_keys w WHERE w.id = s.key_id;
        DELETE FROM keys.key_secrets s USING restored_key_secrets r JOIN written_keys w ON w.id = r.key_id WHERE r.secret_hash = s.secret_hash;
        INSERT INTO keys.key_secrets ({RestoreTables.Secrets})
            SELECT {RestoreTables.Secrets} FROM restored_key_secrets r WHERE r.key_id IN (SELECT id FROM written_keys);
        """;

    /// <summary>Keys that the document does not have and that lost to one it has: their last secret, or an account's tokens.</summary>
    public const string RevokeTheEmpty =
        """
        UPDATE keys.api_keys k SET revoked_at = {0} FROM overwritten_keys o
        WHERE o.id = k.id AND k.revoked_at IS NULL AND NOT EXISTS (SELECT FROM restored_api_keys r WHERE r.id = k.id)
            AND NOT EXISTS (SELECT FROM keys.key_secrets s WHERE s.key_id = k.id)
        """;

    /// <summary>Text without parameters, which is why it does not go through EF: braces mean nothing in it.</summary>
    public static async Task RunAsync(this KeysDbContext db, string sql, CancellationToken cancellationToken)
    {
        await using var command = Command(db, sql);
        await command.ExecuteNonQueryAsync(cancellationToken);
    }

    public static async Task<long> CountAsync(this KeysDbContext db, string from, CancellationToken cancellationToken)
    {
        await using var command = Command(db, "SELECT count(*) FROM " + from);
        return (long)(await command.ExecuteScalarAsync(cancellationToken))!;
    }

    public static async Task<string[]> FirstIdsAsync(this KeysDbContext db, string table, int most, CancellationToken cancellationToken)
    {
        await using var command = Command(db, string.Create(
            CultureInfo.InvariantCulture, $"SELECT ARRAY(SELECT id::text FROM {table} ORDER BY id::text COLLATE \"C\" LIMIT {most})"));
        return (string[])(await command.ExecuteScalarAsync(cancellationToken))!;
    }

    private static DbCommand Command(KeysDbContext db, string sql)
    {
        var command = db.Database.GetDbConnection().CreateCommand();
        command.CommandText = sql;

        // A million rows take their time; the call has a deadline.
        command.CommandTimeout = 0;
        return command;
    }

    private static string Upsert(string table, string columns) =>
        $"INSERT INTO keys.{table} ({columns}) SELECT {columns} FROM restored_{table} ON CONFLICT (id) DO UPDATE SET {Assignments(columns)}";

    private static string Assignments(string columns) => string.Join(", ", columns.Split(", ")
        .Where(column => column is not ("id" or "last_used_at")).Select(column => $"{column} = excluded.{column}"));
}
