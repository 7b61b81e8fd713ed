using LlmGateway.Billing.Pricing;
using Npgsql;

namespace LlmGateway.Billing.Ledger;

/// <summary>
/// Holds that grow while their call runs. Priced by the versions, the markup and the candidates of the moment of the hold, which never change
/// and so are read without a lock; decided by the database, in one statement under the account's lock. The bounds may change between the two:
/// a hold that has grown in one of them, and is to grow in the other, is priced again.
/// </summary>
internal sealed class Extensions : IAsyncDisposable
{
    // Each time another extension of the same call has come first, and a call asks for few.
    private const int Tries = 10;

    private readonly NpgsqlDataSource _database;
    private readonly BillingMetrics _metrics;
    private readonly Combiner<WantedBound, Answer<GrantedHold>> _extensions;

    public Extensions(NpgsqlDataSource database, Combiners combiners, BillingMetrics metrics)
    {
        (_database, _metrics) = (database, metrics);
        _extensions = combiners.Create<WantedBound, Answer<GrantedHold>>(StatementKind.Extend, ExtendAllAsync);
    }

    /// <param name="wanted">The hold, and the whole bounds that it is to cover.</param>
    /// <param name="cancellationToken">The caller's.</param>
    /// <returns>
    /// The hold as it stands: grown, or as it was when that covers the bounds. A refusal leaves it as it was;
    /// <see cref="LedgerRefusal.Required"/> is then what it would have needed on top.
    /// </returns>
    public Task<Answer<GrantedHold>> ExtendAsync(WantedBound wanted, CancellationToken cancellationToken) =>
        _extensions.ExecuteAsync(wanted, cancellationToken);

    public ValueTask DisposeAsync() => _extensions.DisposeAsync();

    private async Task<Answer<GrantedHold>[]> ExtendAllAsync(IReadOnlyList<WantedBound> wanted)
    {
        await using var connection = await _database.OpenConnectionAsync();
        var answers = new Answer<GrantedHold>?[wanted.Count];
        for (var attempt = 1; Array.IndexOf(answers, null) >= 0; attempt++)
        {
            var open = wanted.Index().Where(line => answers[line.Index] is null).ToArray();
            var decided = await TryAsync(connection, [.. open.Select(line => line.Item)]);
            foreach (var (line, answer) in open.Zip(decided))
            {
                answers[line.Index] = answer is null && attempt == Tries
                    ? throw new InvalidOperationException("A hold grows faster than it can be priced.")
                    : answer;
            }
        }

        foreach (var answer in answers)
        {
            _metrics.ExtensionDecided(answer?.Refusal?.Reason);
        }

        return [.. answers.Select(answer => answer!.Value)];
    }

    /// <returns>One element for each line, in the lines' order: null where the hold has grown since it was priced.</returns>
    private static async Task<Answer<GrantedHold>?[]> TryAsync(NpgsqlConnection connection, IReadOnlyList<WantedBound> wanted)
    {
        var quotes = await ExtensionTerms.QuoteAsync(connection, wanted, CancellationToken.None);
        var lines = quotes.Where(quote => quote.Value is not null).Select(quote => quote.Value!.ToLine()).ToArray();
        var rows = lines.Length > 0 ? await ExtendStatement.ExecuteAsync(connection, lines, CancellationToken.None) : [];

        var (answers, next) = (new Answer<GrantedHold>?[wanted.Count], 0);
        for (var index = 0; index < answers.Length; index++)
        {
            answers[index] = quotes[index] is { Value: { } quote } ? ToAnswer(lines[next], rows[next++], quote.Prices) : quotes[index].Refusal!;
        }

        return answers;
    }

    private static Answer<GrantedHold>? ToAnswer(ExtendLine line, ExtendRow? row, HoldQuote quote) => row switch
    {
        null => new LedgerRefusal(LedgerRefusalReason.UnknownHold),
        { Outcome: ExtendOutcome.Held } => new GrantedHold(row.Amount, row.OutputTokens, row.ExpiresAt, row.Bounded),
        { Outcome: ExtendOutcome.Closed } => new LedgerRefusal(LedgerRefusalReason.ClosedHold),
        { Outcome: ExtendOutcome.Grown } => null,
        _ => HoldRefusals.Of(row, line, quote),
    };
}
