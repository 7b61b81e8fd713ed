using LlmGateway.Billing.Pricing;
using Microsoft.Extensions.Options;
using Npgsql;

namespace LlmGateway.Billing.Ledger;

/// <summary>
/// 1. The hold says by which price version and markup the call is priced: those of the moment it was held, so that a change of price in
///    the middle of a call cannot change its bill. They never change, so they are read without a lock, or remembered by who made the hold.
/// 2. The cost is computed here, where all rounding is.
/// 3. One statement closes the hold and writes postings, charge and balance. It commits durably, once by request id; a repetition
///    reads the first one's figures. Where the sweep has charged the call before, by all that was held, the charge is corrected to these.
/// </summary>
internal sealed partial class Settlements : IAsyncDisposable
{
    private readonly NpgsqlDataSource _database;
    private readonly HeldTerms _terms;
    private readonly WasteOptions _waste;
    private readonly BillingMetrics _metrics;
    private readonly TimeProvider _time;
    private readonly ILogger<Settlements> _logger;
    private readonly Combiner<UsedCall, Answer<SettledCall>> _settlements;

    public Settlements(
        NpgsqlDataSource database, Combiners combiners, HeldTerms terms, IOptions<WasteOptions> waste, BillingMetrics metrics, TimeProvider time,
        ILogger<Settlements> logger)
    {
        (_database, _terms, _waste, _metrics, _time, _logger) = (database, terms, waste.Value, metrics, time, logger);
        _settlements = combiners.Create<UsedCall, Answer<SettledCall>>(StatementKind.Settle, SettleAllAsync);
    }

    public Task<Answer<SettledCall>> SettleAsync(UsedCall call, CancellationToken cancellationToken) =>
        _settlements.ExecuteAsync(call, cancellationToken);

    public ValueTask DisposeAsync() => _settlements.DisposeAsync();

    private async Task<Answer<SettledCall>[]> SettleAllAsync(IReadOnlyList<UsedCall> calls)
    {
        await using var connection = await _database.OpenConnectionAsync();
        var remembered = calls.Select(Remembered).ToArray();
        var priced = await PriceAsync(connection, calls, remembered);
        var lines = priced.Where(line => line.Value is not null).Select(line => line.Value!).ToArray();
        var settled = lines.Length > 0
            ? await SettleStatement.ExecuteAsync(connection, lines, _time.GetUtcNow(), CancellationToken.None)
            : [];
        await CorrectAsync(connection, lines, settled);

        var (answers, next) = (new Answer<SettledCall>[calls.Count], 0);
        for (var index = 0; index < answers.Length; index++)
        {
            answers[index] = priced[index].Refusal is { } refusal ? refusal : Settled(calls[index], settled[next++]);
            _terms.Forget(calls[index].RequestId);
        }

        await ExplainAsync(connection, calls, remembered, answers);
        return answers;
    }

    // A line that was not settled by its own figures met another's of the same call, or the sweep's: it had charged all that was held.
    private async Task CorrectAsync(NpgsqlConnection connection, SettleLine[] lines, SettledCall?[] settled)
    {
        var met = lines.Index().Where(line => settled[line.Index] is { First: false } && !line.Item.Repeated).ToArray();
        if (met.Length == 0)
        {
            return;
        }

        var corrected = await CorrectStatement.ExecuteAsync(
            connection,
            [.. met.Select(line => new CorrectLine(line.Item.Call.RequestId, line.Item.PriceVersion, line.Item.Cost, line.Item.ProviderCost))],
            _time.GetUtcNow(), CancellationToken.None);
        foreach (var (position, (index, line)) in met.Index())
        {
            if (corrected[position] is { } real)
            {
                settled[index] = real.Call;
                if (real.Corrected)
                {
                    Log.Corrected(_logger, line.Call.RequestId, real.Call.Cost);
                }
            }
        }
    }

    private SettleLine? Remembered(UsedCall call) =>
        _terms.Find(call.RequestId) is { } term ? SettlementTerms.Price(call, term, _waste) : null;

    /// <summary>What is not remembered is read.</summary>
    private async Task<Answer<SettleLine>[]> PriceAsync(NpgsqlConnection connection, IReadOnlyList<UsedCall> calls, SettleLine?[] remembered)
    {
        var unknown = calls.Where((_, index) => remembered[index] is null).ToArray();
        var read = unknown.Length > 0 ? await SettlementTerms.PriceAsync(connection, unknown, _waste, CancellationToken.None) : [];
        var next = 0;
        return [.. remembered.Select(line => line is not null ? line : read[next++])];
    }

    /// <summary>A hold that is remembered and does not settle was released, or the database has lost it: the caller makes a lost one again.</summary>
    private async Task ExplainAsync(
        NpgsqlConnection connection, IReadOnlyList<UsedCall> calls, SettleLine?[] remembered, Answer<SettledCall>[] answers)
    {
        var gone = Enumerable.Range(0, answers.Length).Where(index => remembered[index] is not null && answers[index].Value is null).ToArray();
        if (gone.Length > 0)
        {
            var read = await SettlementTerms.PriceAsync(connection, [.. gone.Select(index => calls[index])], _waste, CancellationToken.None);
            foreach (var (place, index) in gone.Index())
            {
                answers[index] = read[place].Refusal ?? new LedgerRefusal(LedgerRefusalReason.UnknownHold);
            }
        }
    }

    private Answer<SettledCall> Settled(UsedCall call, SettledCall? settled)
    {
        if (settled is null)
        {
            // Released between the two statements.
            return new LedgerRefusal(LedgerRefusalReason.ClosedHold);
        }

        // Counted here, where it was decided: the caller may have gone.
        _metrics.Settled(settled);
        if (settled is { First: true, WrittenOff.Value: > 0 })
        {
            Log.WrittenOff(_logger, call.RequestId, settled.WrittenOff, settled.Cost);
        }

        return settled;
    }

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Warning, "Call {RequestId} cost {Cost}; {WrittenOff} of it was neither held nor available and is written off.")]
        public static partial void WrittenOff(ILogger logger, string requestId, NanoUsd writtenOff, NanoUsd cost);

        [LoggerMessage(2, LogLevel.Information, "Call {RequestId} had been charged for all that was held; what it used came later, and it costs {Cost}.")]
        public static partial void Corrected(ILogger logger, string requestId, NanoUsd cost);
    }
}
