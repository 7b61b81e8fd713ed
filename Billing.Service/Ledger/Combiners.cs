using Microsoft.Extensions.Options;

namespace LlmGateway.Billing.Ledger;

/// <summary>Makes combiners that share settings, metrics and the watch.</summary>
internal sealed class Combiners(IOptions<BillingOptions> options, DatabaseWatch watch, BillingMetrics metrics)
{
    private readonly CombinerSettings _settings = new(
        options.Value.StatementLines, options.Value.Statements, options.Value.WaitingLines);

    public Combiner<TLine, TRow> Create<TLine, TRow>(
        StatementKind kind, Func<IReadOnlyList<TLine>, Task<TRow[]>> execute) =>
        new(kind, _settings, watch, metrics, execute);
}
