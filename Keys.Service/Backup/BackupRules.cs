using System.Globalization;
using LlmGateway.Keys.Accounts;
using LlmGateway.Keys.ApiKeys;
using LlmGateway.Keys.Management;
using LlmGateway.Keys.Tariffs;

namespace LlmGateway.Keys.Backup;

/// <summary>The bounds of every field, which are those of management, and what must hold between the rows of one document.</summary>
internal static class BackupRules
{
    public const int MostRows = 1_000_000;
    private const int MostSecrets = 1_000;
    private const int MostVersions = 10_000;

    private const string Twice = "is in the document twice.";
    private const string Token = "token";
    private const string Configured = "configured";
    private const string Internal = "internal";
    private static readonly DateTimeOffset Earliest = new(1970, 1, 1, 0, 0, 0, TimeSpan.Zero);
    private static readonly DateTimeOffset Latest = new(2500, 1, 1, 0, 0, 0, TimeSpan.Zero);
    private static readonly HashSet<string> Roles = Names<KeyRole>();
    private static readonly HashSet<string> Sources = Names<KeySource>();

    /// <summary>JSON may have null where the elements of a list are; the checksum is only of rows.</summary>
    /// <exception cref="BackupRefusedException">Names the first that is.</exception>
    public static void CheckWhole(BackupDocument document)
    {
        NotNull("accounts", document.Accounts);
        NotNull("tariffs", document.Tariffs);
        NotNull("keys", document.Keys);
        ForEach("tariffs", document.Tariffs, (row, path) => NotNull(path + ".versions", row.Versions));
        ForEach("keys", document.Keys, (row, path) => NotNull(path + ".secrets", row.Secrets));
    }

    /// <exception cref="BackupRefusedException">Names the first field that is wrong.</exception>
    /// <remarks>Texts are not searched for keys, as those of a request are: what an export wrote must come back.</remarks>
    public static void Check(BackupDocument document)
    {
        var ids = new HashSet<string>(StringComparer.Ordinal);
        Refuse(new Fields().At("created_at", document.CreatedAt)
            .Must(document.Accounts.Count <= MostRows, "accounts", $"must be {MostRows} at most.")
            .Must(document.Tariffs.Count <= MostRows, "tariffs", $"must be {MostRows} at most.")
            .Must(document.Keys.Count <= MostRows, "keys", $"must be {MostRows} at most."));
        ForEach("accounts", document.Accounts, (row, fields) => Check(row, fields).Must(ids.Add("account " + row.Id), "id", Twice));
        ForEach("tariffs", document.Tariffs, (row, fields) => Check(row, fields).Must(ids.Add("tariff " + row.Id), "id", Twice));
        ForEach("keys", document.Keys, (row, fields) => Check(row, fields).Must(ids.Add($"key {row.Id}"), "id", Twice)
            .Must(row.Source != Token || ids.Add("token " + row.Account), "source", "is token for a second key of this account."));
        ForEachPart("tariffs", document.Tariffs, "versions", row => row.Versions, CheckVersion);
        ForEachPart("keys", document.Keys, "secrets", row => row.Secrets, (_, secret, _, fields) =>
            Check(secret, fields).Must(ids.Add("secret " + secret.Hash), "hash", Twice));
    }

    private static Fields Check(AccountRow row, Fields fields) => fields
        .AccountId("id", row.Id).Description(row.Description).OptionalTariff(row.Tariff ?? "").Labels(Whole(row.Labels, fields))
        .At("created_at", row.CreatedAt).At("revoked_at", row.RevokedAt)
        .Must(row.Id != Account.Administrator || row.RevokedAt is null, "revoked_at", "must not be set: the account admin cannot be revoked.");

    private static Fields Check(TariffRow row, Fields fields) => fields
        .TariffId("id", row.Id).Description(row.Description).At("created_at", row.CreatedAt)
        .Must(row.Versions.Count is > 0 and <= MostVersions, "versions", $"must be 1 to {MostVersions}.");

    private static Fields CheckVersion(TariffRow tariff, TariffVersionRow version, int index, Fields fields) => fields
        .At("effective_from", version.EffectiveFrom).Limits(version.Limits).At("created_at", version.CreatedAt)
        .Must(
            index == 0 || version.EffectiveFrom > tariff.Versions[index - 1].EffectiveFrom,
            "effective_from",
            "must be later than that of the version before.");

    private static Fields Check(KeyRow row, Fields fields) => fields
        .AccountId("account", row.Account).Name("name", row.Name).Description(row.Description)
        .Must(Roles.Contains(row.Role), "role", $"must be one of {string.Join(", ", Roles)}.")
        .Must(Sources.Contains(row.Source), "source", $"must be one of {string.Join(", ", Sources)}.")
        .Must(row.Role == "account" || row.Source != Token, "role", "must be account of a key for tokens.")
        .Must(row.Role != Internal || row.Source == Configured || row.RevokedAt is not null, "role", "can be internal of a configured key only.")
        .OptionalTariff(row.Tariff ?? "").Limits(row.Limits).AllowedModels(Whole(row.AllowedModels, fields)).Labels(Whole(row.Labels, fields))
        .At("created_at", row.CreatedAt).At("last_used_at", row.LastUsedAt).At("expires_at", row.ExpiresAt).At("revoked_at", row.RevokedAt)
        .Must(row.Secrets.Count <= MostSecrets, "secrets", $"must be {MostSecrets} at most.")
        .Must(row.Secrets.Count > 0 || row.RevokedAt is not null || row.Source == Token, "secrets", "must not be empty of a key that is not revoked.");

    private static Fields Check(SecretRow row, Fields fields) => fields
        .Must(row.Hash.Length == 64 && row.Hash.All(char.IsAsciiHexDigitLower), "hash", "must be 64 hexadecimal digits in lower case.")
        .Must(
            row.Masked.Length is > 3 and <= 11 && row.Masked.EndsWith("...", StringComparison.Ordinal) && row.Masked.All(c => c is >= ' ' and <= '~'),
            "masked",
            "must be a masked key: 8 characters at most, and three dots.")
        .At("created_at", row.CreatedAt).At("expires_at", row.ExpiresAt);

    // PostgreSQL keeps microseconds: a finer time would come back as another.
    private static Fields At(this Fields fields, string field, DateTimeOffset? at) => fields.Must(
        at is null || (at >= Earliest && at < Latest && at.Value.Ticks % TimeSpan.TicksPerMicrosecond == 0),
        field,
        "must be a time from 1970 to 2499, in whole microseconds.");

    // JSON may have null where a list's or a map's elements are.
    private static Dictionary<string, string> Whole(Dictionary<string, string> labels, Fields fields)
    {
        var isWhole = !labels.ContainsValue(null!);
        fields.Must(isWhole, "labels", "must not have null.");
        return isWhole ? labels : [];
    }

    private static List<string> Whole(List<string> patterns, Fields fields)
    {
        var isWhole = !patterns.Contains(null!);
        fields.Must(isWhole, "allowed_models", "must not have null.");
        return isWhole ? patterns : [];
    }

    private static void ForEach<TRow>(string list, List<TRow> rows, Func<TRow, Fields, Fields> check) =>
        ForEach(list, rows, (row, path) => Refuse(check(row, new Fields(path + "."))));

    private static void ForEachPart<TRow, TPart>(
        string list, List<TRow> rows, string parts, Func<TRow, List<TPart>> partsOf, Func<TRow, TPart, int, Fields, Fields> check) =>
        ForEach(list, rows, (row, path) =>
        {
            var index = 0;
            ForEach($"{path}.{parts}", partsOf(row), (part, fields) => check(row, part, index++, fields));
        });

    private static void NotNull<TRow>(string list, List<TRow> rows) =>
        ForEach(list, rows, (row, path) => _ = row is null ? throw new BackupRefusedException(path, "must not be null.") : true);

    private static void ForEach<TRow>(string list, List<TRow> rows, Action<TRow, string> act)
    {
        for (var index = 0; index < rows.Count; index++)
        {
            act(rows[index], string.Create(CultureInfo.InvariantCulture, $"{list}[{index}]"));
        }
    }

    private static void Refuse(Fields fields)
    {
        if (fields.Problem is { } problem)
        {
            throw new BackupRefusedException(problem);
        }
    }

    private static HashSet<string> Names<TEnum>()
        where TEnum : struct, Enum => [.. Enum.GetNames<TEnum>().Select(name => name.ToLowerInvariant())];
}
