using System.Globalization;
using System.Text.Json;
using LlmGateway.Billing.Ledger;
using Npgsql;

namespace LlmGateway.Billing.Spending;

internal enum SpendGroup
{
    Day,
    Account,
    Key,
    Model,
}

/// <summary>One group; what it is not grouped by is null.</summary>
/// <param name="Values">In the report's order: days as 2026-11-21.</param>
internal sealed record SpendRow(IReadOnlyDictionary<SpendGroup, string> Values, UsageSums Sums);

/// <summary>
/// Spending of a period, grouped. Pages go on after the last group of the page before, and read the rows from there on only.
/// </summary>
/// <param name="From">The first day.</param>
/// <param name="To">The last day.</param>
/// <param name="Groups">In the order of their declaration.</param>
/// <param name="AccountId">Null is all.</param>
/// <param name="After">The values of the last group seen; null for the first page.</param>
internal sealed record SpendReport(DateOnly From, DateOnly To, IReadOnlyList<SpendGroup> Groups, string? AccountId, IReadOnlyList<string>? After)
{
    public const int MostDays = 366;

    public string Sql
    {
        get
        {
            var columns = string.Join(", ", Groups.Select(Column));
            var select = Groups.Count > 0 ? columns + ", " : "";
            var account = AccountId is null ? "" : " and d.account_id = $3";
            var grouped = Groups.Count > 0 ? $"group by {columns} order by {columns}" : "";
            return $"""
                select {select}{UsageSums.Columns}
                from billing.usage_days d
                where d.day between $1 and $2{account}{(After is null ? "" : $" and ({columns}) > ({string.Join(", ", Groups.Select((_, index) => Parameter(index)))})")}
                {grouped}
                limit {Parameter(After is null ? 0 : Groups.Count)}
                """;
        }
    }

    private int Others => AccountId is null ? 2 : 3;

    public void Bind(NpgsqlParameterCollection parameters, int most)
    {
        // From the last group's day on, which the index on days finds. Whoever wrote the cursor, never from a day before the first.
        var last = After is not null && Groups[0] == SpendGroup.Day ? Day(After[0]) : From;
        parameters.AddOne(last > From ? last : From);
        parameters.AddOne(To);
        if (AccountId is not null)
        {
            parameters.AddOne(AccountId);
        }

        foreach (var (index, value) in (After ?? []).Index())
        {
            if (Groups[index] == SpendGroup.Day)
            {
                parameters.AddOne(Day(value));
            }
            else
            {
                parameters.AddOne(value);
            }
        }

        parameters.AddOne((long)most);
    }

    public SpendRow Read(NpgsqlDataReader reader) => new(
        Groups.Select((group, index) => (group, Value: group == SpendGroup.Day ? Text(reader.GetFieldValue<DateOnly>(index)) : reader.GetString(index)))
            .ToDictionary(pair => pair.group, pair => pair.Value),
        UsageSums.Read(reader, Groups.Count));

    /// <summary>Where the page after this row begins: <c>["2026-11-21","acme"]</c>, in base64url.</summary>
    public string CursorAfter(SpendRow last) =>
        Convert.ToBase64String(JsonSerializer.SerializeToUtf8Bytes(Groups.Select(group => last.Values[group]).ToArray(), SpendCursorJson.Default.StringArray))
            .TrimEnd('=').Replace('+', '-').Replace('/', '_');

    /// <returns>Null when it is no cursor of a report with these groups.</returns>
    public static string[]? ReadCursor(string cursor, IReadOnlyList<SpendGroup> groups)
    {
        try
        {
            var bytes = Convert.FromBase64String(cursor.Replace('-', '+').Replace('_', '/').PadRight((cursor.Length + 3) / 4 * 4, '='));
            var values = JsonSerializer.Deserialize(bytes, SpendCursorJson.Default.StringArray);
            return values is not null && values.Length == groups.Count && groups.Count > 0
                && values.All(value => value is { Length: <= 512 } && !value.Contains('\0'))
                && groups.Zip(values).All(pair => pair.First != SpendGroup.Day || TryDay(pair.Second, out _))
                ? values
                : null;
        }
        catch (Exception exception) when (exception is FormatException or JsonException)
        {
            return null;
        }
    }

    /// <summary>2026-11-21, and nothing else.</summary>
    public static bool TryDay(string text, out DateOnly day) =>
        DateOnly.TryParseExact(text, "yyyy-MM-dd", CultureInfo.InvariantCulture, DateTimeStyles.None, out day);

    private static DateOnly Day(string text) => TryDay(text, out var day) ? day : throw new FormatException("A cursor's day is checked before.");

    private static string Text(DateOnly day) => day.ToString("O", CultureInfo.InvariantCulture);

    private static string Column(SpendGroup group) => group switch
    {
        SpendGroup.Day => "d.day",
        SpendGroup.Account => "d.account_id",
        SpendGroup.Key => "d.key_id",
        SpendGroup.Model => "d.model",
        _ => throw new ArgumentOutOfRangeException(nameof(group), group, "Not a group that has a column."),
    };

    private string Parameter(int index) => string.Create(CultureInfo.InvariantCulture, $"${Others + index + 1}");
}

[System.Text.Json.Serialization.JsonSerializable(typeof(string[]))]
internal sealed partial class SpendCursorJson : System.Text.Json.Serialization.JsonSerializerContext;
