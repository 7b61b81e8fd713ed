using LlmGateway.Billing.Pricing;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Options;
using Npgsql;

namespace LlmGateway.Billing.Ledger;

/// <summary>
/// Makes one hold and one settlement before the first caller does, in a transaction that is rolled back: the first call of a process
/// would otherwise pay for connections, plans and compilation with a good part of its deadline. The health check "ledger".
/// </summary>
internal sealed partial class LedgerWarmUp(
    NpgsqlDataSource database, Prices prices, IOptions<BillingOptions> options, TimeProvider time, ILogger<LedgerWarmUp> logger)
    : IHostedService, IHealthCheck
{
    // No caller can name this account: the characters are outside its alphabet.
    private const string Account = "(warm-up)";

    private volatile bool _done;

    public async Task StartAsync(CancellationToken cancellationToken)
    {
        await prices.RefreshAsync(cancellationToken);

        // Its own request id, lest two replicas that start at once wait for each other's.
        var requestId = $"(warm-up) {Guid.NewGuid():N}";
        var hold = new HoldLine(requestId, Account, KeyId: null, NanoUsd.Zero, PromptTokens: 0, OutputTokens: 0, PriceBook: 0, Candidates: "[]");
        var call = new UsedCall(
            requestId, new("-", "-"), "-", "-", new(0, 0, 0, 0), ReasoningTokens: 0, Estimated: true, time.GetUtcNow(), 0, 0, "[]");

        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        await HoldStatement.ExecuteAsync(connection, [hold], options.Value, time.GetUtcNow(), cancellationToken);
        await SettlementTerms.PriceAsync(connection, [call], new WasteOptions(), cancellationToken);
        await SettleStatement.ExecuteAsync(
            connection, [new(call, NanoUsd.Zero, PriceVersion: 0)], time.GetUtcNow(), cancellationToken);
        await transaction.RollbackAsync(cancellationToken);
        if (!options.Value.Enabled)
        {
            Log.Off(logger);
        }

        _done = true;
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default) =>
        Task.FromResult(_done ? HealthCheckResult.Healthy() : HealthCheckResult.Unhealthy("Holds and settlements are not warmed up yet."));

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Warning,
            "Billing is off (BILLING_ENABLED=false): no money is held, no call is charged, and models without a price are served. What calls use is counted.")]
        public static partial void Off(ILogger logger);
    }
}
