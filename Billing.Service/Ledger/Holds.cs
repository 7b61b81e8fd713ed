using LlmGateway.Billing.Pricing;
using LlmGateway.Billing.Quotas;
using Microsoft.Extensions.Options;
using Npgsql;

namespace LlmGateway.Billing.Ledger;

/// <summary>A call that wants money set aside.</summary>
/// <param name="MinOutputTokens">The least output bound that is still worth a call; the hold shrinks down to it.</param>
internal sealed record WantedHold(
    string RequestId, string AccountId, string? KeyId, IReadOnlyList<PricedModel> Candidates, long PromptTokens, long OutputTokens,
    long MinOutputTokens)
{
    /// <summary>The key's; null without any.</summary>
    public KeyLimits? Limits { get; init; }

    /// <summary>It was held before, and the call has run: only what there is can be held for it now, and that is no reason to refuse.</summary>
    public bool Lost { get; init; }

    /// <summary>Billing is off where the call is made: it is never charged.</summary>
    public bool Uncharged { get; init; }

    /// <summary>The prices that it was held by before; null for those of now.</summary>
    public PriceMoment? PricedBy { get; init; }
}

/// <param name="Bounded">The amount covers the output bound; else it is an estimate, and the account's overdraft stands behind it.</param>
internal sealed record GrantedHold(NanoUsd Amount, long OutputTokens, DateTimeOffset ExpiresAt, bool Bounded = true)
{
    /// <summary>Of a hold that was asked for; null of one that has grown.</summary>
    public PriceMoment? PricedBy { get; init; }
}

/// <summary>
/// Money set aside for calls that run. The database decides, in one statement under the account's lock; when it says no, the bound is
/// shrunk to what was available at that moment and put to it again. Under contention that moment passes, hence several tries, the
/// last with the least bound: what is refused did not fit at the instant of its last decision.
/// </summary>
internal sealed class Holds : IAsyncDisposable
{
    private const int Tries = 4;
    private readonly NpgsqlDataSource _database;
    private readonly Prices _prices;
    private readonly HeldTerms _terms;
    private readonly BillingOptions _options;
    private readonly BillingMetrics _metrics;
    private readonly TimeProvider _time;
    private readonly Combiner<HoldLine, HoldRow> _holds;
    private readonly Combiner<ReleaseLine, bool> _releases;

    public Holds(
        NpgsqlDataSource database, Combiners combiners, Prices prices, HeldTerms terms, IOptions<BillingOptions> options,
        BillingMetrics metrics, TimeProvider time)
    {
        (_database, _prices, _terms, _options, _metrics, _time) = (database, prices, terms, options.Value, metrics, time);
        _holds = combiners.Create<HoldLine, HoldRow>(StatementKind.Hold, HoldAllAsync);
        _releases = combiners.Create<ReleaseLine, bool>(StatementKind.Release, ReleaseAllAsync);
    }

    public async Task<Answer<GrantedHold>> HoldAsync(WantedHold wanted, CancellationToken cancellationToken)
    {
        var answer = _options.Enabled && !wanted.Uncharged
            ? await DecideAsync(wanted, cancellationToken)
            : await DecideUnchargedAsync(wanted, cancellationToken);
        _metrics.HoldDecided(answer.Refusal?.Reason);
        return answer;
    }

    /// <summary>What <see cref="HoldAsync"/> would set aside for all that is wanted, whatever there is of money.</summary>
    /// <returns>With the first model that has no price.</returns>
    public async Task<(NanoUsd Amount, PricedModel? Unpriced)> QuoteAsync(WantedHold wanted, CancellationToken cancellationToken)
    {
        if (!_options.Enabled || wanted.Uncharged)
        {
            return (NanoUsd.Zero, null);
        }

        var (book, unknown) = await _prices.FindAsync(wanted.Candidates, wanted.PricedBy, cancellationToken);
        return unknown is { } model
            ? (NanoUsd.Zero, model)
            : (new HoldQuote([.. wanted.Candidates.Select(candidate => book.Prices[candidate])], wanted.PromptTokens, MarkupOf(uncharged: false))
                .Amount(wanted.OutputTokens), null);
    }

    /// <summary>Moves an open hold's expiry to a whole lifetime from now.</summary>
    /// <returns>The new expiry.</returns>
    public async Task<(DateTimeOffset ExpiresAt, LedgerRefusal? Refusal)> RenewAsync(
        string requestId, CancellationToken cancellationToken)
    {
        // One row's own field: needs no lock of the account. Against the sweep, whoever changes the row first wins, and the other
        // looks at it again.
        await using var command = _database.CreateCommand(
            """
            with renewed as (
                update billing.holds set expires_at = greatest(expires_at, $2)
                where request_id = $1 and state = 'open' returning expires_at)
            select (select expires_at from renewed), exists (select from billing.holds where request_id = $1)
            """);
        command.Parameters.AddOne(requestId);
        command.Parameters.AddOne(_time.GetUtcNow() + _options.HoldLifetime);
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        await reader.ReadAsync(cancellationToken);
        return reader switch
        {
            _ when !reader.IsDBNull(0) => (reader.GetFieldValue<DateTimeOffset>(0), null),
            _ when reader.GetBoolean(1) => (default, new LedgerRefusal(LedgerRefusalReason.ClosedHold)),
            _ => (default, new LedgerRefusal(LedgerRefusalReason.UnknownHold)),
        };
    }

    /// <summary>Gives the hold back whole, or what the sweep has charged for it. What is not held is left as it is.</summary>
    /// <param name="attempts">A JSON array of the provider calls made.</param>
    /// <param name="considered">A JSON array of where the call could have gone; null where that is not told.</param>
    public Task ReleaseAsync(string requestId, string attempts, string? considered, CancellationToken cancellationToken) =>
        _releases.ExecuteAsync(new(requestId, attempts, considered), cancellationToken);

    public async ValueTask DisposeAsync()
    {
        await _holds.DisposeAsync();
        await _releases.DisposeAsync();
    }

    // Billing is off: candidates without a price are not refused, and need not be looked for each time; limits of money are none. Without
    // a limit of tokens nothing bounds the call.
    private async Task<Answer<GrantedHold>> DecideUnchargedAsync(WantedHold wanted, CancellationToken cancellationToken)
    {
        var limits = wanted.Limits is null ? null : wanted.Limits with { TotalCost = null, DailyCost = null, MonthlyCost = null };
        wanted = wanted with
        {
            Candidates = [.. wanted.Candidates.Where(_prices.Current.Prices.ContainsKey)],
            Limits = limits is { IsNone: false } ? limits : null,
            Uncharged = true,
            PricedBy = null,
        };
        var answer = await DecideAsync(wanted, cancellationToken);
        return answer.Value is { } hold && wanted.Limits is null ? hold with { Bounded = false } : answer;
    }

    private async Task<Answer<GrantedHold>> DecideAsync(WantedHold wanted, CancellationToken cancellationToken)
    {
        var (book, unknown) = await _prices.FindAsync(wanted.Candidates, wanted.PricedBy, cancellationToken);
        if (unknown is { } model)
        {
            return new LedgerRefusal(LedgerRefusalReason.PriceUnknown) { Model = model };
        }

        var quote = new HoldQuote(
            [.. wanted.Candidates.Select(candidate => book.Prices[candidate])], wanted.PromptTokens, MarkupOf(wanted.Uncharged));
        var output = wanted.OutputTokens;
        for (var attempt = 1; ; attempt++)
        {
            var estimate = quote.Amount(Math.Min(output, _options.EstimatedOutputTokens));
            var decided = await TryAsync(wanted, quote.Amount(output), estimate, output, book, cancellationToken);
            if (decided.Outcome != HoldOutcome.Insufficient)
            {
                return ToAnswer(decided, book);
            }

            if (wanted.Lost)
            {
                // Nothing always fits, and the settlement takes what there is.
                return ToAnswer(await TryAsync(wanted with { Limits = null }, NanoUsd.Zero, NanoUsd.Zero, output, book, cancellationToken), book);
            }

            var available = HoldRefusals.Available(decided, wanted.Limits);
            var smaller = decided.Bounded ? quote.LargestOutput(wanted.MinOutputTokens, output, available) : null;
            if (smaller is null)
            {
                return HoldRefusals.Of(decided, wanted.Limits, decided.Bounded ? quote.Amount(wanted.MinOutputTokens) : estimate);
            }

            output = attempt + 1 < Tries ? smaller.Value : wanted.MinOutputTokens;
        }
    }

    private Task<HoldRow> TryAsync(
        WantedHold wanted, NanoUsd amount, NanoUsd estimate, long outputTokens, PriceBook book, CancellationToken cancellationToken)
    {
        var line = new HoldLine(
            wanted.RequestId, wanted.AccountId, wanted.KeyId, amount, wanted.PromptTokens, outputTokens, book.Number,
            CandidatesJson.Write(wanted.Candidates, book))
        {
            Estimate = estimate,
            MinOutputTokens = wanted.MinOutputTokens,
            Limits = wanted.Limits,
            Uncharged = wanted.Uncharged,
            Term = new(book, MarkupOf(wanted.Uncharged), wanted.Candidates),
        };
        return _holds.ExecuteAsync(line, cancellationToken);
    }

    private async Task<HoldRow[]> HoldAllAsync(IReadOnlyList<HoldLine> lines)
    {
        await using var connection = await _database.OpenConnectionAsync();
        var rows = new HoldRow[lines.Count];

        // A statement has one markup. More than one statement is for while replicas of Routing differ.
        foreach (var alike in lines.Index().GroupBy(line => line.Item.Uncharged))
        {
            var now = _time.GetUtcNow();
            var held = await HoldStatement.ExecuteAsync(
                connection, [.. alike.Select(line => line.Item)], MarkupOf(alike.Key), _options, now, CancellationToken.None);
            foreach (var ((index, line), row) in alike.Zip(held))
            {
                rows[index] = row;
                if (line.Term is { } term && HoldStatement.Made(line, row, now, _options))
                {
                    _terms.Remember(line.RequestId, term);
                }
            }
        }

        return rows;
    }

    private int MarkupOf(bool uncharged) => uncharged ? NanoUsd.UnchargedMarkup : _options.MarkupBasisPoints;

    private async Task<bool[]> ReleaseAllAsync(IReadOnlyList<ReleaseLine> lines)
    {
        await using var connection = await _database.OpenConnectionAsync();
        var released = await ReleaseStatement.ExecuteAsync(connection, lines, _time.GetUtcNow(), CancellationToken.None);
        if (released < lines.Count)
        {
            // Of what was not held any more, the sweep may have charged some. Those calls cost nothing.
            await CorrectStatement.ExecuteAsync(
                connection, [.. lines.Select(line => new CorrectLine(line.RequestId, 0, NanoUsd.Zero, NanoUsd.Zero))], _time.GetUtcNow(),
                CancellationToken.None);
        }

        _metrics.Released(released);
        return new bool[lines.Count];
    }

    private static Answer<GrantedHold> ToAnswer(HoldRow row, PriceBook book) => row.Outcome switch
    {
        HoldOutcome.Held => new GrantedHold(row.Amount, row.OutputTokens, row.ExpiresAt, row.Bounded)
        {
            PricedBy = book.Number > 0 ? new(book.Number, book.From) : null,
        },
        HoldOutcome.Closed => new LedgerRefusal(LedgerRefusalReason.ClosedHold),
        HoldOutcome.Foreign => new LedgerRefusal(LedgerRefusalReason.ForeignHold),
        _ => throw new ArgumentOutOfRangeException(nameof(row), row.Outcome, "Not a final outcome."),
    };
}
