using LlmGateway.Billing.Pricing;
using LlmGateway.Billing.Quotas;
using Npgsql;

namespace LlmGateway.Billing.Ledger;

/// <summary>One open hold that is to cover more.</summary>
/// <param name="Amount">What the whole call may cost then, at the hold's own prices.</param>
internal sealed record ExtendLine(string RequestId, NanoUsd Amount, long PromptTokens, long OutputTokens);

internal enum ExtendOutcome
{
    Held,
    Insufficient,
    Closed,

    /// <summary>One of its bounds is larger than when the line was priced, and so nothing is decided.</summary>
    Grown,
}

/// <summary>What was decided: the hold's own figures as they stand then, and the account's.</summary>
internal sealed record ExtendRow(
    ExtendOutcome Outcome, NanoUsd Amount, long OutputTokens, DateTimeOffset ExpiresAt, NanoUsd Balance, NanoUsd Held, bool Bounded)
{
    public NanoUsd Overdraft { get; init; }

    /// <summary>Tokens that the key's windows count as held for this call.</summary>
    public long CountedTokens { get; init; }

    /// <summary>The moment of the hold, whose windows count.</summary>
    public DateTimeOffset HeldAt { get; init; }

    /// <summary>That the hold was made with.</summary>
    public KeyLimits? Limits { get; init; }

    /// <summary>What was decided on, with <see cref="ExtendOutcome.Insufficient"/> and limits.</summary>
    public KeyWindows? Windows { get; init; }
}

/// <summary>Calls billing.extend: any number of holds, decided in one round trip and one commit.</summary>
internal static class ExtendStatement
{
    private const string Sql =
        """
        select r_item, r_outcome, r_amount, r_output_tokens, r_expires_at, r_balance, r_held, r_bounded, r_overdraft, r_counted_tokens,
            r_created_at, r_limits, r_windows
        from billing.extend($1, $2, $3, $4)
        """;

    /// <returns>One element for each line, in the lines' order: null where there is no such hold.</returns>
    public static async Task<ExtendRow?[]> ExecuteAsync(
        NpgsqlConnection connection, IReadOnlyList<ExtendLine> lines, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(Sql, connection);
        command.Parameters.AddTexts(lines, line => line.RequestId);
        command.Parameters.AddLongs(lines, line => line.Amount.Value);
        command.Parameters.AddLongs(lines, line => line.OutputTokens);
        command.Parameters.AddLongs(lines, line => line.PromptTokens);

        var rows = new ExtendRow?[lines.Count];
        await command.PrepareAsync(cancellationToken);
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        while (await reader.ReadAsync(cancellationToken))
        {
            rows[reader.GetInt32(0) - 1] = Read(reader);
        }

        return rows;
    }

    private static ExtendRow Read(NpgsqlDataReader reader)
    {
        var outcome = reader.GetString(1) switch
        {
            "held" => ExtendOutcome.Held,
            "insufficient" => ExtendOutcome.Insufficient,
            "closed" => ExtendOutcome.Closed,
            "grown" => ExtendOutcome.Grown,
            var other => throw new InvalidOperationException($"billing.extend answered {other}."),
        };
        var row = new ExtendRow(
            outcome, new(reader.GetInt64(2)), reader.GetInt64(3), reader.GetFieldValue<DateTimeOffset>(4), new(reader.GetInt64(5)),
            new(reader.GetInt64(6)), reader.GetBoolean(7));
        return outcome != ExtendOutcome.Insufficient ? row : row with
        {
            Overdraft = new(reader.GetInt64(8)),
            CountedTokens = reader.GetInt64(9),
            HeldAt = reader.GetFieldValue<DateTimeOffset>(10),
            Limits = KeyLimits.FromArray(reader.IsDBNull(11) ? null : reader.GetFieldValue<long?[]>(11)),
            Windows = KeyWindows.FromArray(reader.IsDBNull(12) ? null : reader.GetFieldValue<long[]>(12)),
        };
    }
}
