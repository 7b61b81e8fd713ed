using System.ComponentModel.DataAnnotations;
using Grpc.Core;
using LlmGateway.Protos.Billing.V1;
using Microsoft.Extensions.Options;

namespace LlmGateway.Gateway.Account;

/// <summary>What the metrics show of accounts. Section <c>Metrics</c>.</summary>
internal sealed class BalanceGaugeOptions
{
    public const string Section = "Metrics";

    /// <summary>Comma-separated ids of accounts whose balance the metrics show, 100 at most: each is a series. Unset: of none.</summary>
    [RegularExpression(@"\s*[A-Za-z0-9_.@:-]{1,128}\s*(,\s*[A-Za-z0-9_.@:-]{1,128}\s*){0,99}", ErrorMessage = "Metrics:BalanceAccounts: must be at most 100 ids of accounts with commas between them.")]
    public string? BalanceAccounts { get; set; }

    /// <summary>Seconds between two looks.</summary>
    [Range(1, 3600)]
    public int BalanceSeconds { get; set; } = 15;

    public string[] Accounts() => (BalanceAccounts ?? "").Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
}

/// <summary>Looks at the balances that the metrics show. What was seen last stays while Billing is away.</summary>
internal sealed class BalanceGauge(
    BillingApi.BillingApiClient billing, IOptions<BalanceGaugeOptions> options, GatewayMetrics metrics, TimeProvider time) : BackgroundService
{
    private const double NanoUsd = 1e9;

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        if (options.Value.Accounts() is not { Length: > 0 } accounts)
        {
            return;
        }

        using var timer = new PeriodicTimer(TimeSpan.FromSeconds(options.Value.BalanceSeconds), time);
        do
        {
            foreach (var account in accounts)
            {
                await LookAsync(account, stoppingToken);
            }
        }
        while (await timer.WaitForNextTickAsync(stoppingToken));
    }

    private async Task LookAsync(string account, CancellationToken stoppingToken)
    {
        try
        {
            var reply = await billing.GetBalanceAsync(new() { AccountId = account }, cancellationToken: stoppingToken);
            metrics.BalanceIs(account, reply.BalanceNanoUsd / NanoUsd);
        }
        catch (RpcException) when (!stoppingToken.IsCancellationRequested)
        {
            // Health says that Billing is away.
        }
    }
}
