using System.Diagnostics;
using Microsoft.Extensions.Options;

namespace LlmGateway.Billing.Pricing;

/// <summary>Looks for prices that another replica has announced.</summary>
internal sealed partial class PriceRefresher(
    Prices prices, IOptions<BillingOptions> options, TimeProvider time, ILogger<PriceRefresher> logger)
    : BackgroundService
{
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var failed = false;
        using var timer = new PeriodicTimer(options.Value.PriceRefreshInterval, time);
        while (await timer.WaitForNextTickAsync(stoppingToken))
        {
            try
            {
                // A parent that is not sampled: a trace a second of nothing new would bury the calls'.
                using var untraced = new Activity("refresh prices").Start();
                await prices.RefreshAsync(stoppingToken);
                failed = false;
            }
            catch (Exception exception) when (!stoppingToken.IsCancellationRequested)
            {
                // Whatever it was, it must not end the refreshing. Once for an outage, not once a second.
                if (!failed)
                {
                    Log.Failed(logger, exception);
                }

                failed = true;
            }
        }
    }

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Error, "The prices could not be read again; those in memory go on.")]
        public static partial void Failed(ILogger logger, Exception exception);
    }
}
