using LlmGateway.Billing.Pricing;
using Npgsql;

namespace LlmGateway.Billing.Ledger;

/// <summary>One hold to decide on.</summary>
/// <param name="Candidates">A JSON array, of <see cref="CandidatesJson"/>.</param>
internal sealed record HoldLine(
    string RequestId, string AccountId, string? KeyId, NanoUsd Amount, long PromptTokens, long OutputTokens, long PriceBook,
    string Candidates);

internal enum HoldOutcome
{
    Held,
    Insufficient,
    Closed,
    Foreign,
}

/// <summary>What was decided; the hold's own figures with <see cref="HoldOutcome.Held"/>, the account's with all but Foreign.</summary>
internal sealed record HoldRow(
    HoldOutcome Outcome, NanoUsd Amount, long OutputTokens, DateTimeOffset ExpiresAt, NanoUsd Balance, NanoUsd Held);

/// <summary>Calls billing.hold: any number of holds, decided in one round trip and one commit.</summary>
internal static class HoldStatement
{
    private const string Sql =
        """
        select r_item, r_outcome, r_amount, r_output_tokens, r_expires_at, r_balance, r_held
        from billing.hold($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
        """;

    /// <returns>One row for each line, in the lines' order.</returns>
    public static async Task<HoldRow[]> ExecuteAsync(
        NpgsqlConnection connection, IReadOnlyList<HoldLine> lines, BillingOptions options, DateTimeOffset now,
        CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(Sql, connection);
        command.Parameters.AddTexts(lines, line => line.RequestId);
        command.Parameters.AddTexts(lines, line => line.AccountId);
        command.Parameters.AddTexts(lines, line => line.KeyId);
        command.Parameters.AddLongs(lines, line => line.Amount.Value);
        command.Parameters.AddLongs(lines, line => line.PromptTokens);
        command.Parameters.AddLongs(lines, line => line.OutputTokens);
        command.Parameters.AddLongs(lines, line => line.PriceBook);
        command.Parameters.AddDocuments(lines, line => line.Candidates);
        command.Parameters.AddOne(options.MarkupBasisPoints);
        command.Parameters.AddOne(options.DefaultGrant.Value);
        command.Parameters.AddOne(now);
        command.Parameters.AddOne(now + options.HoldLifetime);

        var rows = new HoldRow[lines.Count];
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        while (await reader.ReadAsync(cancellationToken))
        {
            rows[reader.GetInt32(0) - 1] = Read(reader);
        }

        return rows;
    }

    private static HoldRow Read(NpgsqlDataReader reader)
    {
        var outcome = reader.GetString(1) switch
        {
            "held" => HoldOutcome.Held,
            "insufficient" => HoldOutcome.Insufficient,
            "closed" => HoldOutcome.Closed,
            "foreign" => HoldOutcome.Foreign,
            var other => throw new InvalidOperationException($"billing.hold answered {other}."),
        };
        return outcome == HoldOutcome.Held
            ? new(outcome, new(reader.GetInt64(2)), reader.GetInt64(3), reader.GetFieldValue<DateTimeOffset>(4),
                new(reader.GetInt64(5)), new(reader.GetInt64(6)))
            : new(outcome, default, default, default, new(reader.GetInt64(5)), new(reader.GetInt64(6)));
    }
}
