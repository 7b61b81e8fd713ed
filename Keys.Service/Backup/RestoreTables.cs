using System.Text.Json;
using LlmGateway.Keys.Data;
using LlmGateway.Keys.Limits;
using Microsoft.EntityFrameworkCore;
using Npgsql;
using NpgsqlTypes;

namespace LlmGateway.Keys.Backup;

/// <summary>
/// A document beside the tables it is for: in temporary tables of the same columns, which end with the transaction. By COPY, because a
/// million rows are too many for statements with parameters.
/// </summary>
internal static class RestoreTables
{
    public const string Limits =
        "limit_total_tokens, limit_daily_tokens, limit_monthly_tokens, limit_total_nano_usd, limit_daily_nano_usd, limit_monthly_nano_usd, "
        + "limit_requests_per_minute, limit_requests_per_hour, limit_tokens_per_minute, limit_parallel";

    public const string Accounts = "id, description, tariff_id, labels, created_at, revoked_at";

    public const string Tariffs = "id, description, created_at";

    public const string Versions = "tariff_id, effective_from, created_at, " + Limits;

    public const string Keys =
        "id, account_id, name, description, role, source, tariff_id, allowed_models, labels, created_at, last_used_at, expires_at, revoked_at, " + Limits;

    public const string Secrets = "secret_hash, key_id, masked, created_at, expires_at";

    private static readonly string[] Tables = ["accounts", "tariffs", "tariff_versions", "api_keys", "key_secrets"];

    public static async Task FillAsync(KeysDbContext db, BackupDocument document, CancellationToken cancellationToken)
    {
        var tables = Tables.Select(table => $"CREATE TEMP TABLE restored_{table} (LIKE {KeysDbContext.Schema}.{table}) ON COMMIT DROP;");
        await db.RunAsync(string.Concat(tables), cancellationToken);
        await CopyAsync("accounts", Accounts, document.Accounts, async (row, account) =>
        {
            await row.TextAsync(account.Id, account.Description, account.Tariff);
            await row.WriteAsync(JsonSerializer.Serialize(account.Labels), NpgsqlDbType.Jsonb, cancellationToken);
            await row.TimesAsync(account.CreatedAt, account.RevokedAt);
        });
        await CopyAsync("tariffs", Tariffs, document.Tariffs, async (row, tariff) =>
        {
            await row.TextAsync(tariff.Id, tariff.Description);
            await row.TimesAsync(tariff.CreatedAt);
        });
        await CopyAsync(
            "tariff_versions", Versions, document.Tariffs.SelectMany(tariff => tariff.Versions, (tariff, version) => (tariff.Id, version)),
            async (row, item) =>
            {
                await row.TextAsync(item.Id);
                await row.TimesAsync(item.version.EffectiveFrom, item.version.CreatedAt);
                await row.LimitsAsync(item.version.Limits);
            });
        await CopyAsync("api_keys", Keys, document.Keys, async (row, key) =>
        {
            await row.WriteAsync(key.Id, NpgsqlDbType.Uuid, cancellationToken);
            await row.TextAsync(key.Account, key.Name, key.Description, key.Role, key.Source, key.Tariff);
            await row.WriteAsync(key.AllowedModels.ToArray(), NpgsqlDbType.Array | NpgsqlDbType.Text, cancellationToken);
            await row.WriteAsync(JsonSerializer.Serialize(key.Labels), NpgsqlDbType.Jsonb, cancellationToken);
            await row.TimesAsync(key.CreatedAt, key.LastUsedAt, key.ExpiresAt, key.RevokedAt);
            await row.LimitsAsync(key.Limits);
        });
        await CopyAsync(
            "key_secrets", Secrets, document.Keys.SelectMany(key => key.Secrets, (key, secret) => (key.Id, secret)), async (row, item) =>
            {
                await row.WriteAsync(Convert.FromHexString(item.secret.Hash), NpgsqlDbType.Bytea, cancellationToken);
                await row.WriteAsync(item.Id, NpgsqlDbType.Uuid, cancellationToken);
                await row.TextAsync(item.secret.Masked);
                await row.TimesAsync(item.secret.CreatedAt, item.secret.ExpiresAt);
            });
        await db.RunAsync(string.Concat(Tables.Select(table => $"ANALYZE restored_{table};")), cancellationToken);

        async Task CopyAsync<TRow>(string table, string columns, IEnumerable<TRow> rows, Func<NpgsqlBinaryImporter, TRow, Task> write)
        {
            var connection = (NpgsqlConnection)db.Database.GetDbConnection();
            await using var copy = await connection.BeginBinaryImportAsync(
                $"COPY restored_{table} ({columns}) FROM STDIN (FORMAT BINARY)", cancellationToken);
            foreach (var row in rows)
            {
                await copy.StartRowAsync(cancellationToken);
                await write(copy, row);
            }

            await copy.CompleteAsync(cancellationToken);
        }
    }

    private static async Task TextAsync(this NpgsqlBinaryImporter row, params string?[] texts)
    {
        foreach (var text in texts)
        {
            await (text is null ? row.WriteNullAsync() : row.WriteAsync(text, NpgsqlDbType.Text));
        }
    }

    private static async Task TimesAsync(this NpgsqlBinaryImporter row, params DateTimeOffset?[] times)
    {
        foreach (var time in times)
        {
            await (time is { } at ? row.WriteAsync(at.ToUniversalTime(), NpgsqlDbType.TimestampTz) : row.WriteNullAsync());
        }
    }

    // In the order of the columns above.
    private static async Task LimitsAsync(this NpgsqlBinaryImporter row, KeyLimits limits)
    {
        long?[] values =
        [
            limits.TotalTokens, limits.DailyTokens, limits.MonthlyTokens, limits.TotalNanoUsd, limits.DailyNanoUsd, limits.MonthlyNanoUsd,
            limits.RequestsPerMinute, limits.RequestsPerHour, limits.TokensPerMinute, limits.Parallel,
        ];
        foreach (var value in values)
        {
            await (value is { } limit ? row.WriteAsync(limit, NpgsqlDbType.Bigint) : row.WriteNullAsync());
        }
    }
}
