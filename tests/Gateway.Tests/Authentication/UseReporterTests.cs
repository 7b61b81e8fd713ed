using LlmGateway.Gateway.Authentication;
using LlmGateway.Testing;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;

namespace LlmGateway.Gateway.Tests.Authentication;

public sealed class UseReporterTests : IAsyncLifetime
{
    private readonly FakeTime _time = new(TimeProvider.System.GetUtcNow());
    private readonly ScriptedKeys _keys = ScriptedKeys.Start();
    private readonly TestMeters _meters = new();
    private readonly UseLog _log = new(1_000);
    private readonly KeyDirectory _directory;
    private readonly UseReporter _reporter;

    public UseReporterTests()
    {
        var options = Options.Create(new AuthOptions { RememberedKeys = 20_000, VerifyMilliseconds = 10_000 });
        var metrics = new KeyDirectoryMetrics(_meters);
        _directory = new(_keys.Client, _log, metrics, options, _time, NullLogger<KeyDirectory>.Instance);
        _reporter = new(_log, _keys.Client, metrics, options, _time, NullLogger<UseReporter>.Instance);
    }

    public Task InitializeAsync() => Task.CompletedTask;

    public async Task DisposeAsync()
    {
        _reporter.Dispose();
        _meters.Dispose();
        await _keys.DisposeAsync();
    }

    [Fact]
    public async Task The_last_use_of_each_key_is_reported_once()
    {
        await UseAsync("sk-a");
        await UseAsync("sk-b");
        _time.Advance(TimeSpan.FromSeconds(3));
        await UseAsync("sk-a");
        _time.Advance(TimeSpan.FromSeconds(1));

        await _reporter.ReportAsync();
        await _reporter.ReportAsync();

        _keys.Used.Select(use => (use.KeyId, use.Age.ToTimeSpan().TotalSeconds)).ShouldBe([("id of sk-a", 1), ("id of sk-b", 4)], ignoreOrder: true);
    }

    [Fact]
    public async Task A_key_used_again_is_reported_again()
    {
        await UseAsync("sk-a");
        await _reporter.ReportAsync();
        await UseAsync("sk-a");
        await _reporter.ReportAsync();

        _keys.Used.Count.ShouldBe(2);
    }

    [Fact]
    public async Task What_Keys_could_not_be_told_is_in_the_next_report()
    {
        await UseAsync("sk-a");
        _keys.IsDown = true;
        await _reporter.ReportAsync();
        _time.Advance(TimeSpan.FromSeconds(10));
        _keys.IsDown = false;
        await UseAsync("sk-b");
        await _reporter.ReportAsync();

        _keys.Used.Select(use => (use.KeyId, use.Age.ToTimeSpan().TotalSeconds)).ShouldBe([("id of sk-a", 10), ("id of sk-b", 0)], ignoreOrder: true);
    }

    [Fact]
    public async Task It_reports_every_ten_seconds_and_once_more_when_it_stops()
    {
        await _reporter.StartAsync(CancellationToken.None);
        await UseAsync("sk-a");
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(10));
        while (_keys.Used.IsEmpty)
        {
            _time.Advance(TimeSpan.FromSeconds(10));
            await Task.Delay(5, limit.Token);
        }

        await UseAsync("sk-b");
        await _reporter.StopAsync(CancellationToken.None);

        _keys.Used.Select(use => use.KeyId).ShouldBe(["id of sk-a", "id of sk-b"]);
    }

    private async Task UseAsync(string secret)
    {
        var finding = _directory.FindAsync(new Presented(secret, isInternal: false, isToken: false));
        (await finding).Verdict.ShouldBe(KeyVerdict.Known);
    }
}
