using Npgsql;
using NpgsqlTypes;

namespace LlmGateway.Billing.Ledger;

/// <summary>Positional parameters that hold one element for each line of a statement.</summary>
internal static class ArrayParameters
{
    public static void AddTexts<T>(this NpgsqlParameterCollection parameters, IReadOnlyList<T> lines, Func<T, string?> of) =>
        Add(parameters, lines, of, NpgsqlDbType.Text);

    public static void AddDocuments<T>(this NpgsqlParameterCollection parameters, IReadOnlyList<T> lines, Func<T, string?> of) =>
        Add(parameters, lines, of, NpgsqlDbType.Jsonb);

    public static void AddLongs<T>(this NpgsqlParameterCollection parameters, IReadOnlyList<T> lines, Func<T, long> of) =>
        Add(parameters, lines, of, NpgsqlDbType.Bigint);

    public static void AddLongs<T>(this NpgsqlParameterCollection parameters, IReadOnlyList<T> lines, Func<T, long?> of) =>
        Add(parameters, lines, of, NpgsqlDbType.Bigint);

    public static void AddIntegers<T>(this NpgsqlParameterCollection parameters, IReadOnlyList<T> lines, Func<T, int> of) =>
        Add(parameters, lines, of, NpgsqlDbType.Integer);

    public static void AddBooleans<T>(this NpgsqlParameterCollection parameters, IReadOnlyList<T> lines, Func<T, bool> of) =>
        Add(parameters, lines, of, NpgsqlDbType.Boolean);

    public static void AddTimes<T>(this NpgsqlParameterCollection parameters, IReadOnlyList<T> lines, Func<T, DateTimeOffset> of) =>
        Add(parameters, lines, of, NpgsqlDbType.TimestampTz);

    public static void AddOne<T>(this NpgsqlParameterCollection parameters, T value) =>
        parameters.Add(new NpgsqlParameter<T> { TypedValue = value });

    public static void AddText(this NpgsqlParameterCollection parameters, string? value) =>
        parameters.Add(new NpgsqlParameter { Value = (object?)value ?? DBNull.Value, NpgsqlDbType = NpgsqlDbType.Text });

    public static void AddTime(this NpgsqlParameterCollection parameters, DateTimeOffset? value) =>
        parameters.Add(new NpgsqlParameter { Value = (object?)value ?? DBNull.Value, NpgsqlDbType = NpgsqlDbType.TimestampTz });

    private static void Add<T, TElement>(
        NpgsqlParameterCollection parameters, IReadOnlyList<T> lines, Func<T, TElement> of, NpgsqlDbType type)
    {
        var elements = new TElement[lines.Count];
        for (var index = 0; index < elements.Length; index++)
        {
            elements[index] = of(lines[index]);
        }

        parameters.Add(new NpgsqlParameter<TElement[]> { TypedValue = elements, NpgsqlDbType = NpgsqlDbType.Array | type });
    }
}
