using LlmGateway.Keys.ApiKeys;
using LlmGateway.Keys.Limits;
using Npgsql;
using NpgsqlTypes;

namespace LlmGateway.Keys.Verification;

/// <summary>What keys are looked for by: any number of each.</summary>
/// <param name="Hashes">Of secrets.</param>
/// <param name="KeyIds">Of keys that tokens of ours stand for.</param>
/// <param name="Accounts">That tokens of an outside issuer name.</param>
internal sealed record KeyQuestion(byte[][] Hashes, Guid[] KeyIds, string[] Accounts)
{
    public static KeyQuestion OfKey(Guid id) => new([], [id], []);

    public static KeyQuestion OfAccounts(IEnumerable<string> accounts) => new([], [], [.. accounts.Distinct()]);
}

/// <param name="Position">The newest change that the database knew of when it was asked.</param>
internal sealed record KeyAnswer(
    long Position,
    IReadOnlyList<(byte[] Hash, KnownKey Key)> BySecret,
    IReadOnlyDictionary<Guid, KnownKey> ById,
    IReadOnlyDictionary<string, KnownKey> ByAccount);

/// <summary>All keys of a question in one statement, hence of one moment: what it finds and the position of the changes belong together.</summary>
internal static class KeyStatement
{
    private const int KeyLimitsColumn = 14;
    private const int TariffLimitsColumn = KeyLimitsColumn + 10;

    internal static readonly string Sql =
        $"""
        SELECT p.position, m.via, m.secret_hash, m.masked, k.id, k.account_id, k.name, k.description, k.role,
            k.allowed_models, least(k.expires_at, m.expires_at), k.revoked_at IS NOT NULL OR a.revoked_at IS NOT NULL, t.id, t.description,
            {LimitsOf("k")},
            {LimitsOf("v")},
            n.effective_from
        FROM (SELECT coalesce(max(position), 0) AS position FROM keys.changes) p
        LEFT JOIN (
            SELECT 'secret' AS via, s.secret_hash, s.masked, s.expires_at, s.key_id FROM keys.key_secrets s WHERE s.secret_hash = ANY ($1)
            UNION ALL
            SELECT 'key', NULL, coalesce(s.masked, ''), NULL, k.id
            FROM keys.api_keys k
            LEFT JOIN LATERAL (
                SELECT c.masked FROM keys.key_secrets c WHERE c.key_id = k.id AND c.expires_at IS NULL ORDER BY c.created_at DESC LIMIT 1) s ON true
            WHERE k.id = ANY ($2)
            UNION ALL
            SELECT 'account', NULL, '', NULL, k.id FROM keys.api_keys k WHERE k.source = 'token' AND k.account_id = ANY ($3)
        ) m ON true
        LEFT JOIN keys.api_keys k ON k.id = m.key_id
        LEFT JOIN keys.accounts a ON a.id = k.account_id
        LEFT JOIN keys.tariffs t ON t.id = coalesce(k.tariff_id, a.tariff_id)
        LEFT JOIN LATERAL (
            SELECT * FROM keys.tariff_versions x
            WHERE x.tariff_id = t.id AND x.effective_from <= $4 ORDER BY x.effective_from DESC LIMIT 1) v ON true
        LEFT JOIN LATERAL (
            SELECT min(x.effective_from) AS effective_from FROM keys.tariff_versions x
            WHERE x.tariff_id = t.id AND x.effective_from > $4) n ON true
        """;

    private static string LimitsOf(string table) =>
        $"""
        {table}.limit_total_tokens, {table}.limit_daily_tokens, {table}.limit_monthly_tokens,
            {table}.limit_total_nano_usd, {table}.limit_daily_nano_usd, {table}.limit_monthly_nano_usd,
            {table}.limit_requests_per_minute, {table}.limit_requests_per_hour, {table}.limit_tokens_per_minute, {table}.limit_parallel
        """;

    public static async Task<KeyAnswer> ExecuteAsync(
        NpgsqlDataSource database, KeyQuestion question, DateTimeOffset now, CancellationToken cancellationToken)
    {
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        await using var command = new NpgsqlCommand(Sql, connection);
        command.Parameters.Add(new NpgsqlParameter<byte[][]> { TypedValue = question.Hashes, NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.Bytea });
        command.Parameters.Add(new NpgsqlParameter<Guid[]> { TypedValue = question.KeyIds });
        command.Parameters.Add(new NpgsqlParameter<string[]> { TypedValue = question.Accounts });
        command.Parameters.Add(new NpgsqlParameter<DateTimeOffset> { TypedValue = now });

        var position = 0L;
        var bySecret = new List<(byte[] Hash, KnownKey Key)>(question.Hashes.Length);
        var byId = new Dictionary<Guid, KnownKey>();
        var byAccount = new Dictionary<string, KnownKey>();
        await command.PrepareAsync(cancellationToken);
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        while (await reader.ReadAsync(cancellationToken))
        {
            position = reader.GetInt64(0);
            switch (Text(reader, 1))
            {
                case "secret":
                    bySecret.Add((reader.GetFieldValue<byte[]>(2), ReadKey(reader)));
                    break;
                case "key":
                    byId[reader.GetGuid(4)] = ReadKey(reader);
                    break;
                case "account":
                    byAccount[reader.GetString(5)] = ReadKey(reader);
                    break;
                default:
                    // The one row of an answer that found nothing: it has the position only.
                    break;
            }
        }

        return new KeyAnswer(position, bySecret, byId, byAccount);
    }

    private static KnownKey ReadKey(NpgsqlDataReader reader) => new()
    {
        Masked = reader.GetString(3),
        Id = reader.GetGuid(4),
        AccountId = reader.GetString(5),
        Name = reader.GetString(6),
        Description = reader.GetString(7),
        Role = Enum.Parse<KeyRole>(reader.GetString(8), ignoreCase: true),
        AllowedModels = reader.GetFieldValue<string[]>(9),
        ExpiresAt = Time(reader, 10),
        IsRevoked = reader.GetBoolean(11),
        Limits = ReadLimits(reader, KeyLimitsColumn),
        Tariff = Text(reader, 12) is { } tariff
            ? new TariffInEffect(tariff, reader.GetString(13), ReadLimits(reader, TariffLimitsColumn), Time(reader, TariffLimitsColumn + 10))
            : null,
    };

    private static KeyLimits ReadLimits(NpgsqlDataReader reader, int first) => new()
    {
        TotalTokens = Number(reader, first),
        DailyTokens = Number(reader, first + 1),
        MonthlyTokens = Number(reader, first + 2),
        TotalNanoUsd = Number(reader, first + 3),
        DailyNanoUsd = Number(reader, first + 4),
        MonthlyNanoUsd = Number(reader, first + 5),
        RequestsPerMinute = Number(reader, first + 6),
        RequestsPerHour = Number(reader, first + 7),
        TokensPerMinute = Number(reader, first + 8),
        Parallel = Number(reader, first + 9),
    };

    private static string? Text(NpgsqlDataReader reader, int column) => reader.IsDBNull(column) ? null : reader.GetString(column);

    private static long? Number(NpgsqlDataReader reader, int column) => reader.IsDBNull(column) ? null : reader.GetInt64(column);

    private static DateTimeOffset? Time(NpgsqlDataReader reader, int column) =>
        reader.IsDBNull(column) ? null : reader.GetFieldValue<DateTimeOffset>(column);
}
