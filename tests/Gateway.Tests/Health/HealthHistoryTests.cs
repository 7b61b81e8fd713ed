using LlmGateway.Gateway.Health;
using LlmGateway.ServiceDefaults;
using LlmGateway.Testing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Hosting;

namespace LlmGateway.Gateway.Tests.Health;

public sealed class HealthHistoryTests
{
    private readonly FakeTime _time = new();
    private HealthStatus _status = HealthStatus.Healthy;

    [Fact]
    public async Task It_has_a_result_each_ten_seconds_and_one_at_each_change_ten_in_all()
    {
        await using var services = new ServiceCollection()
            .AddLogging()
            .AddSingleton<TimeProvider>(_time)
            .AddSingleton<IHostApplicationLifetime, NoLifetime>()
            .AddSingleton<HealthReports>()
            .AddHealthChecks().AddCheck("store", () => new HealthCheckResult(_status)).Services
            .BuildServiceProvider();
        var reports = services.GetRequiredService<HealthReports>();
        using var history = new HealthHistory(reports, _time);
        await history.StartAsync(default);
        await _time.TimerSetAsync(HealthHistory.Period);
        Of(history).ShouldBe(["0 healthy "]);

        // Somebody asks in between, and it is the same; then it is not.
        _time.Advance(TimeSpan.FromSeconds(4));
        await reports.ReadAsync(default);
        Of(history).Count.ShouldBe(1);
        _status = HealthStatus.Unhealthy;
        _time.Advance(TimeSpan.FromSeconds(2));
        await reports.ReadAsync(default);
        Of(history).ShouldBe(["6 unhealthy store", "0 healthy "]);

        for (var tick = 1; tick <= 12; tick++)
        {
            _time.Advance(TimeSpan.FromSeconds(tick == 1 ? 4 : 10));
            await _time.TimerSetAsync(HealthHistory.Period);
            await UntilAsync(() => Of(history)[0] == $"{tick * 10} unhealthy store");
        }

        Of(history).ShouldBe(Enumerable.Range(3, 10).Reverse().Select(tick => $"{tick * 10} unhealthy store"));
        await history.StopAsync(default);
    }

    private List<string> Of(HealthHistory history) =>
        [.. history.Results.Select(result => $"{(result.Timestamp - new FakeTime().GetUtcNow().UtcDateTime).TotalSeconds:0} {result.Status} {string.Join(',', result.Failing)}")];

    private static async Task UntilAsync(Func<bool> met)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        while (!met())
        {
            await Task.Delay(TimeSpan.FromMilliseconds(1), limit.Token);
        }
    }

    private sealed class NoLifetime : IHostApplicationLifetime
    {
        public CancellationToken ApplicationStarted => default;

        public CancellationToken ApplicationStopping => default;

        public CancellationToken ApplicationStopped => default;

        public void StopApplication()
        {
        }
    }
}
