using LlmGateway.Billing.Pricing;
using Npgsql;

namespace LlmGateway.Billing.Ledger;

/// <summary>
/// Holds that grow while their call runs. Priced by the versions, the markup and the candidates of the moment of the hold, which never change
/// and so are read without a lock; decided by the database, in one statement under the account's lock.
/// </summary>
internal sealed class Extensions : IAsyncDisposable
{
    private readonly NpgsqlDataSource _database;
    private readonly BillingMetrics _metrics;
    private readonly Combiner<WantedBound, Answer<GrantedHold>> _extensions;

    public Extensions(NpgsqlDataSource database, Combiners combiners, BillingMetrics metrics)
    {
        (_database, _metrics) = (database, metrics);
        _extensions = combiners.Create<WantedBound, Answer<GrantedHold>>(StatementKind.Extend, ExtendAllAsync);
    }

    /// <param name="requestId">The hold.</param>
    /// <param name="outputTokens">The whole output bound that it is to cover.</param>
    /// <param name="cancellationToken">The caller's.</param>
    /// <returns>
    /// The hold as it stands: grown, or as it was when that covers the bound. A refusal leaves it as it was;
    /// <see cref="LedgerRefusal.Required"/> is then what it would have needed on top.
    /// </returns>
    public Task<Answer<GrantedHold>> ExtendAsync(string requestId, long outputTokens, CancellationToken cancellationToken) =>
        _extensions.ExecuteAsync(new(requestId, outputTokens), cancellationToken);

    public ValueTask DisposeAsync() => _extensions.DisposeAsync();

    private async Task<Answer<GrantedHold>[]> ExtendAllAsync(IReadOnlyList<WantedBound> wanted)
    {
        await using var connection = await _database.OpenConnectionAsync();
        var quotes = await ExtensionTerms.QuoteAsync(connection, wanted, CancellationToken.None);
        var lines = wanted.Zip(quotes)
            .Where(pair => pair.Second.Value is not null)
            .Select(pair => new ExtendLine(pair.First.RequestId, pair.Second.Value!.Amount(pair.First.OutputTokens), pair.First.OutputTokens))
            .ToArray();
        var rows = lines.Length > 0 ? await ExtendStatement.ExecuteAsync(connection, lines, CancellationToken.None) : [];

        var (answers, next) = (new Answer<GrantedHold>[wanted.Count], 0);
        for (var index = 0; index < answers.Length; index++)
        {
            answers[index] = quotes[index] is { Value: { } quote } ? ToAnswer(lines[next], rows[next++], quote) : quotes[index].Refusal!;
            _metrics.ExtensionDecided(answers[index].Refusal?.Reason);
        }

        return answers;
    }

    private static Answer<GrantedHold> ToAnswer(ExtendLine line, ExtendRow? row, HoldQuote quote) => row switch
    {
        null => new LedgerRefusal(LedgerRefusalReason.UnknownHold),
        { Outcome: ExtendOutcome.Held } => new GrantedHold(row.Amount, row.OutputTokens, row.ExpiresAt, row.Bounded),
        { Outcome: ExtendOutcome.Closed } => new LedgerRefusal(LedgerRefusalReason.ClosedHold),
        _ => HoldRefusals.Of(row, line, quote),
    };
}
