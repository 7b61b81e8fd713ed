using LlmGateway.Billing.Pricing;
using LlmGateway.Billing.Quotas;
using Npgsql;

namespace LlmGateway.Billing.Ledger;

/// <summary>One hold to decide on.</summary>
/// <param name="Candidates">A JSON array, of <see cref="CandidatesJson"/>.</param>
internal sealed record HoldLine(
    string RequestId, string AccountId, string? KeyId, NanoUsd Amount, long PromptTokens, long OutputTokens, long PriceBook,
    string Candidates)
{
    /// <summary>What an account with an overdraft holds instead of <see cref="Amount"/>.</summary>
    public NanoUsd Estimate { get; init; } = Amount;

    /// <summary>Where the key's tokens end, the output bound shrinks, but not below this.</summary>
    public long MinOutputTokens { get; init; } = OutputTokens;

    /// <summary>The key's; null without any.</summary>
    public KeyLimits? Limits { get; init; }

    /// <summary>It is never charged. Lines that are and lines that are not do not share a statement.</summary>
    public bool Uncharged { get; init; }

    /// <summary>By which it will be settled.</summary>
    public HeldTerm? Term { get; init; }
}

internal enum HoldOutcome
{
    Held,
    Insufficient,
    Closed,
    Foreign,
}

/// <summary>What was decided; the hold's own figures with <see cref="HoldOutcome.Held"/>, the account's with all but Foreign.</summary>
/// <param name="Bounded">The amount covers the output bound; not so on an account with an overdraft.</param>
internal sealed record HoldRow(
    HoldOutcome Outcome, NanoUsd Amount, long OutputTokens, DateTimeOffset ExpiresAt, NanoUsd Balance, NanoUsd Held, bool Bounded)
{
    public NanoUsd Overdraft { get; init; }

    /// <summary>What was decided on, with <see cref="HoldOutcome.Insufficient"/> and limits.</summary>
    public KeyWindows? Windows { get; init; }

    /// <summary>The moment whose windows they are.</summary>
    public DateTimeOffset At { get; init; }
}

/// <summary>Calls billing.hold: any number of holds, decided in one round trip and one commit.</summary>
internal static class HoldStatement
{
    private const string Sql =
        """
        select r_item, r_outcome, r_amount, r_output_tokens, r_expires_at, r_balance, r_held, r_overdraft, r_bounded, r_windows
        from billing.hold($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)
        """;

    /// <summary>
    /// Whether this line made the hold that it was answered with, and not an earlier one of the same request id, whose terms may be others:
    /// that one has the expiry of another moment.
    /// </summary>
    public static bool Made(HoldLine line, HoldRow row, DateTimeOffset now, BillingOptions options)
    {
        var expiry = now + options.HoldLifetime;
        return row.Outcome == HoldOutcome.Held && row.Amount == (row.Bounded ? line.Amount : line.Estimate)
            // The database keeps microseconds.
            && row.ExpiresAt.UtcTicks / TimeSpan.TicksPerMicrosecond == expiry.UtcTicks / TimeSpan.TicksPerMicrosecond;
    }

    /// <returns>One row for each line, in the lines' order.</returns>
    public static Task<HoldRow[]> ExecuteAsync(
        NpgsqlConnection connection, IReadOnlyList<HoldLine> lines, BillingOptions options, DateTimeOffset now,
        CancellationToken cancellationToken) =>
        ExecuteAsync(connection, lines, options.MarkupBasisPoints, options, now, cancellationToken);

    /// <returns>One row for each line, in the lines' order.</returns>
    public static async Task<HoldRow[]> ExecuteAsync(
        NpgsqlConnection connection, IReadOnlyList<HoldLine> lines, int markupBasisPoints, BillingOptions options, DateTimeOffset now,
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
        command.Parameters.AddOne(markupBasisPoints);
        command.Parameters.AddOne(options.DefaultGrant.Value);
        command.Parameters.AddOne(now);
        command.Parameters.AddOne(now + options.HoldLifetime);
        command.Parameters.AddLongs(lines, line => line.Estimate.Value);
        command.Parameters.AddLongs(lines, line => line.MinOutputTokens);
        command.Parameters.AddTexts(lines.Any(line => line.Limits is not null) ? lines : [], line => line.Limits?.ToArrayText());

        var rows = new HoldRow[lines.Count];
        await command.PrepareAsync(cancellationToken);
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        while (await reader.ReadAsync(cancellationToken))
        {
            rows[reader.GetInt32(0) - 1] = Read(reader, now);
        }

        return rows;
    }

    private static HoldRow Read(NpgsqlDataReader reader, DateTimeOffset now)
    {
        var outcome = reader.GetString(1) switch
        {
            "held" => HoldOutcome.Held,
            "insufficient" => HoldOutcome.Insufficient,
            "closed" => HoldOutcome.Closed,
            "foreign" => HoldOutcome.Foreign,
            var other => throw new InvalidOperationException($"billing.hold answered {other}."),
        };
        var (balance, held) = (new NanoUsd(reader.GetInt64(5)), new NanoUsd(reader.GetInt64(6)));
        return outcome switch
        {
            HoldOutcome.Held => new(
                outcome, new(reader.GetInt64(2)), reader.GetInt64(3), reader.GetFieldValue<DateTimeOffset>(4), balance, held,
                reader.GetBoolean(8)),
            HoldOutcome.Insufficient => new(outcome, default, default, default, balance, held, reader.GetBoolean(8))
            {
                Overdraft = new(reader.GetInt64(7)),
                Windows = KeyWindows.FromArray(reader.IsDBNull(9) ? null : reader.GetFieldValue<long[]>(9)),
                At = now,
            },
            _ => new(outcome, default, default, default, balance, held, Bounded: true),
        };
    }
}
