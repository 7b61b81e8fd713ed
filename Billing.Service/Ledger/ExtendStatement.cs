using LlmGateway.Billing.Pricing;
using Npgsql;

namespace LlmGateway.Billing.Ledger;

/// <summary>One open hold that is to cover more.</summary>
/// <param name="Amount">What the whole call may cost then, at the hold's own prices.</param>
internal sealed record ExtendLine(string RequestId, NanoUsd Amount, long OutputTokens);

internal enum ExtendOutcome
{
    Held,
    Insufficient,
    Closed,
}

/// <summary>What was decided: the hold's own figures as they stand then, and the account's.</summary>
internal sealed record ExtendRow(
    ExtendOutcome Outcome, NanoUsd Amount, long OutputTokens, DateTimeOffset ExpiresAt, NanoUsd Balance, NanoUsd Held);

/// <summary>Calls billing.extend: any number of holds, decided in one round trip and one commit.</summary>
internal static class ExtendStatement
{
    private const string Sql =
        """
        select r_item, r_outcome, r_amount, r_output_tokens, r_expires_at, r_balance, r_held from billing.extend($1, $2, $3)
        """;

    /// <returns>One element for each line, in the lines' order: null where there is no such hold.</returns>
    public static async Task<ExtendRow?[]> ExecuteAsync(
        NpgsqlConnection connection, IReadOnlyList<ExtendLine> lines, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(Sql, connection);
        command.Parameters.AddTexts(lines, line => line.RequestId);
        command.Parameters.AddLongs(lines, line => line.Amount.Value);
        command.Parameters.AddLongs(lines, line => line.OutputTokens);

        var rows = new ExtendRow?[lines.Count];
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
            var other => throw new InvalidOperationException($"billing.extend answered {other}."),
        };
        return new(
            outcome, new(reader.GetInt64(2)), reader.GetInt64(3), reader.GetFieldValue<DateTimeOffset>(4), new(reader.GetInt64(5)),
            new(reader.GetInt64(6)));
    }
}
