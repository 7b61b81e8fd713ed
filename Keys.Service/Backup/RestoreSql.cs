using System.Data.Common;
using System.Globalization;
using LlmGateway.Keys.Data;
using Microsoft.EntityFrameworkCore;
using Npgsql;

namespace LlmGateway.Keys.Backup;

/// <summary>What a restore asks of the database, on the tables of <see cref="RestoreTables"/>.</summary>
internal static class RestoreSql
{
    /// <summary>Nobody writes beside a restore; readers go on.</summary>
    public const string Lock =
        "LOCK TABLE keys.accounts, keys.tariffs, keys.tariff_versions, keys.api_keys, keys.key_secrets IN SHARE ROW EXCLUSIVE MODE";

    /// <summary>
    /// The next start revokes a configured key that its configuration does not list, so the document's are imported ones, except where the same
    /// secret is of a configured (or the generated) key here. Revoked ones stay what they are: a configuration that lists them brings them back.
    /// </summary>
    public const string NotConfiguredHere =
        $"""
        UPDATE restored_api_keys r SET source = 'imported'
        WHERE r.source IN ('configured', 'generated') AND r.role <> 'internal' AND r.revoked_at IS NULL AND NOT {ConfiguredHere}
        """;

    /// <summary>An internal key works only where configuration names it: elsewhere it is restored revoked ($1), as the next start would have it.</summary>
    public const string InternalNotConfiguredHere =
        $"""
        UPDATE restored_api_keys r SET revoked_at = COALESCE((SELECT k.revoked_at FROM keys.api_keys k WHERE k.id = r.id), $1)
        WHERE r.role = 'internal' AND r.revoked_at IS NULL AND NOT {ConfiguredHere}
        """;

    private const string ConfiguredHere =
        """
        EXISTS (SELECT FROM restored_key_secrets d JOIN keys.key_secrets s USING (secret_hash) JOIN keys.api_keys k ON k.id = s.key_id
            WHERE d.key_id = r.id AND k.revoked_at IS NULL AND k.source IN ('configured', r.source))
        """;

    /// <summary>
    /// Fills three tables for each of accounts, tariffs and api_keys. added_: ids of the document's that do not exist. overwritten_: ids of what
    /// exists and would become something else. written_: ids of the document's that are added or overwritten. When a key was last used is no
    /// difference. A key that the document does not have is overwritten too when it holds a secret of one that the document has, or stands for
    /// the tokens of the same account.
    /// </summary>
    /// <remarks>Joins throughout, on analysed tables: a list of ids that outgrows work_mem is searched anew for each row.</remarks>
    public static readonly string Compare =
        $"""
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

        CREATE TEMP TABLE overwritten_api_keys ON COMMIT DROP AS
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

        {AddedAndWritten("accounts")}
        {AddedAndWritten("tariffs")}
        {AddedAndWritten("api_keys")}
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
        {Upsert("tariffs", RestoreTables.Tariffs)};
        DELETE FROM keys.tariff_versions v USING written_tariffs w WHERE w.id = v.tariff_id;
        INSERT INTO keys.tariff_versions ({RestoreTables.Versions})
            SELECT {RestoreTables.Versions} FROM restored_tariff_versions r JOIN written_tariffs w ON w.id = r.tariff_id;

        {Upsert("accounts", RestoreTables.Accounts)};

        UPDATE keys.api_keys k SET source = 'imported' FROM overwritten_api_keys o WHERE o.id = k.id AND k.source = 'token';
        {Upsert("api_keys", RestoreTables.Keys)}, last_used_at = GREATEST(api_keys.last_used_at, excluded.last_used_at);

        DELETE FROM keys.key_secrets s USING written_api_keys w WHERE w.id = s.key_id;
        DELETE FROM keys.key_secrets s USING restored_key_secrets r JOIN written_api_keys w ON w.id = r.key_id WHERE r.secret_hash = s.secret_hash;
        INSERT INTO keys.key_secrets ({RestoreTables.Secrets})
            SELECT {RestoreTables.Secrets} FROM restored_key_secrets r JOIN written_api_keys w ON w.id = r.key_id;
        """;

    /// <summary>Keys that the document does not have and that lost to one it has: their last secret, or an account's tokens.</summary>
    public const string RevokeTheEmpty =
        """
        UPDATE keys.api_keys k SET revoked_at = $1 FROM overwritten_api_keys o
        WHERE o.id = k.id AND k.revoked_at IS NULL AND NOT EXISTS (SELECT FROM restored_api_keys r WHERE r.id = k.id)
            AND NOT EXISTS (SELECT FROM keys.key_secrets s WHERE s.key_id = k.id)
        """;

    /// <summary>Not through EF, for which braces mean something and which gives up after some seconds.</summary>
    /// <param name="db">Has a transaction.</param>
    /// <param name="sql">One statement if it has values, else any number.</param>
    /// <param name="cancellationToken">Of the call.</param>
    /// <param name="values">$1 and so on.</param>
    public static async Task RunAsync(this KeysDbContext db, string sql, CancellationToken cancellationToken, params object[] values)
    {
        await using var command = Command(db, sql);
        foreach (var value in values)
        {
            command.Parameters.Add(new NpgsqlParameter { Value = value });
        }

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

    private static string AddedAndWritten(string table) =>
        $"""
        CREATE TEMP TABLE added_{table} ON COMMIT DROP AS
            SELECT r.id FROM restored_{table} r WHERE NOT EXISTS (SELECT FROM keys.{table} e WHERE e.id = r.id);
        CREATE TEMP TABLE written_{table} ON COMMIT DROP AS
            SELECT id FROM added_{table} UNION ALL SELECT id FROM overwritten_{table} JOIN restored_{table} USING (id);
        ANALYZE added_{table}; ANALYZE overwritten_{table}; ANALYZE written_{table};
        """;

    private static string Upsert(string table, string columns) =>
        $"""
        INSERT INTO keys.{table} ({columns}) SELECT {columns} FROM restored_{table} JOIN written_{table} USING (id)
            ON CONFLICT (id) DO UPDATE SET {Assignments(columns)}
        """;

    private static string Assignments(string columns) => string.Join(", ", columns.Split(", ")
        .Where(column => column is not ("id" or "last_used_at")).Select(column => $"{column} = excluded.{column}"));
}
