using LlmGateway.Billing.Ledger;
using LlmGateway.Billing.Pricing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Npgsql;

namespace LlmGateway.Billing.Tests.Ledger;

/// <summary>The database's host name does not resolve.</summary>
public sealed class OutageTests : IAsyncDisposable
{
    private readonly NpgsqlDataSource _nowhere = NpgsqlDataSource.Create("Host=nowhere.invalid;Username=nobody;Database=none");
    private readonly ServiceProvider _metrics = new ServiceCollection().AddMetrics().AddSingleton<BillingMetrics>().BuildServiceProvider();
    private readonly IOptions<BillingOptions> _often = Options.Create(new BillingOptions { SweepSeconds = 0.1, PriceRefreshSeconds = 0.1 });

    public async ValueTask DisposeAsync()
    {
        await _nowhere.DisposeAsync();
        await _metrics.DisposeAsync();
    }

    [Fact]
    public async Task The_sweep_goes_on_and_complains_once()
    {
        var logger = new CountingLogger<ExpirySweeper>();
        using var watch = new DatabaseWatch(_nowhere, NullLogger<DatabaseWatch>.Instance);
        using var sweeper = new ExpirySweeper(_nowhere, watch, _often, _metrics.GetRequiredService<BillingMetrics>(), TimeProvider.System, logger);

        await ShouldGoOnAsync(sweeper, logger.First);

        logger.Errors.ShouldBe(1);
    }

    [Fact]
    public async Task So_does_the_refreshing_of_prices()
    {
        var logger = new CountingLogger<PriceRefresher>();
        using var prices = new Prices(new PriceTable(_nowhere), TimeProvider.System, NullLogger<Prices>.Instance);
        using var refresher = new PriceRefresher(prices, _often, TimeProvider.System, logger);

        await ShouldGoOnAsync(refresher, logger.First);

        logger.Errors.ShouldBe(1);
    }

    private static async Task ShouldGoOnAsync(BackgroundService service, Task complained)
    {
        await service.StartAsync(CancellationToken.None);
        await Task.WhenAny(complained, service.ExecuteTask!).WaitAsync(TimeSpan.FromSeconds(20));

        // Some rounds more.
        (await Task.WhenAny(service.ExecuteTask!, Task.Delay(TimeSpan.FromMilliseconds(500)))).ShouldNotBe(service.ExecuteTask);
        await service.StopAsync(CancellationToken.None);
    }

    private sealed class CountingLogger<T> : ILogger<T>
    {
        private readonly TaskCompletionSource _first = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private int _errors;

        public Task First => _first.Task;

        public int Errors => Volatile.Read(ref _errors);

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(
            LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            Interlocked.Increment(ref _errors);
            _first.TrySetResult();
        }
    }
}
