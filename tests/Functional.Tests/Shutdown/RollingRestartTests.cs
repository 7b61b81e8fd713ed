using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using LlmGateway.FakeProvider;
using LlmGateway.SystemUnderTest;

namespace LlmGateway.Functional.Tests.Shutdown;

/// <summary>Two gateways and two routings are restarted one after the other under a hundred calls a second.</summary>
[Trait("Category", "Long")]
public sealed class RollingRestartTests
{
    // A machine that has other things to do refuses calls for want of time, which is not what this is about.
    private static readonly int CallsASecond =
        int.TryParse(Environment.GetEnvironmentVariable("ROLLING_CALLS_A_SECOND"), CultureInfo.InvariantCulture, out var calls) ? calls : 100;

    private static readonly string[] Gateways = ["gateway", "gateway2"];

    [Fact]
    public async Task No_call_fails_and_each_is_charged_once()
    {
        await using var system = await GatewaySystem.StartAsync(new SystemSettings
        {
            WithReplicas = true,
            WithSpread = true,
            Environment =
            {
                ["Shutdown__DelaySeconds"] = "1",

                // On a machine that is busy with starting processes no call is to be refused for want of time.
                ["Billing__HoldTimeout"] = "00:00:30",
                ["RATE_LIMIT_REQUESTS_PER_MINUTE"] = "1000000",
                ["RATE_LIMIT_REQUESTS_PER_HOUR"] = "1000000",
            },
        });
        system.Provider.On(GatewaySystem.Model, new Script { Chunks = 5, ChunkDelay = TimeSpan.FromMilliseconds(20) });
        await using var balancer = new ReadyGateways(system, Gateways);
        var before = await Balance.OfAsync(system.Http);
        using var enough = new CancellationTokenSource();

        var calling = CallAsync(balancer, enough.Token);
        foreach (var resource in (string[])["routing", "gateway", "routing2", "gateway2"])
        {
            await system.StopAsync(resource);
            await system.StartAgainAsync(resource);
        }

        await enough.CancelAsync();
        var answers = await calling;

        answers.Count.ShouldBeGreaterThan(CallsASecond * 5);
        answers.Where(answer => answer is not { Status: HttpStatusCode.OK, Ended: true, Cut: false })
            .CountBy(answer => $"{answer.Status} {answer.ErrorCode} {answer.Cut} {(answer.Status == default ? answer.RequestId : "")}").ShouldBeEmpty(
                string.Join('\n', Logged(system).TakeLast(20)));
        var after = await Balance.WithoutHoldsAsync(system.Http, TimeSpan.FromSeconds(30));
        (before.Total - after.Total).ShouldBe(answers.Sum(answer => answer.Cost));
        await using var books = await Books.OfAsync(system);
        (await books.FaultsAsync()).ShouldBeEmpty();
        (await books.OutboxAsync()).ShouldBe((0, 0));
    }

    private static IEnumerable<string> Logged(GatewaySystem system) =>
        ((string[])["billing", "billing2", "routing", "routing2"]).SelectMany(resource => system.LogOf(resource).Select(line => $"{resource}: {line}"))
            .Where(line => line.Contains("not answer", StringComparison.Ordinal) || line.Contains("again", StringComparison.Ordinal));

    private static async Task<IReadOnlyCollection<ChatAnswer>> CallAsync(ReadyGateways balancer, CancellationToken enough)
    {
        var (answers, running) = (new ConcurrentBag<ChatAnswer>(), new List<Task>());
        using var pace = new PeriodicTimer(TimeSpan.FromSeconds(1) / CallsASecond);
        for (var index = 0; !enough.IsCancellationRequested; index++)
        {
            await pace.WaitForNextTickAsync(CancellationToken.None);
            running.Add(OneAsync(balancer.Next(), index % 2 == 0));
        }

        await Task.WhenAll(running);
        return answers;

        async Task OneAsync(HttpClient http, bool stream)
        {
            var call = new ChatCall(http, GatewaySystem.Model) { MaxTokens = 20 };
            try
            {
                answers.Add(stream ? await call.StreamAsync(CancellationToken.None) : await call.PlainAsync(CancellationToken.None));
            }
            catch (HttpRequestException exception)
            {
                answers.Add(new() { Status = default, RequestId = exception.Message });
            }
        }
    }
}

/// <summary>As a load balancer in front of them: one after the other, of those that were ready when they were last asked.</summary>
internal sealed class ReadyGateways : IAsyncDisposable
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(100);

    private readonly IReadOnlyList<HttpClient> _gateways;
    private readonly CancellationTokenSource _end = new();
    private readonly Task _watching;
    private HttpClient[] _ready;
    private int _next;

    public ReadyGateways(GatewaySystem system, IEnumerable<string> gateways)
    {
        _gateways = [.. gateways.Select(gateway => system.Client(GatewaySystem.Key, gateway))];
        _ready = [.. _gateways];
        _watching = WatchAsync();
    }

    public HttpClient Next()
    {
        var ready = Volatile.Read(ref _ready);
        return ready[(uint)Interlocked.Increment(ref _next) % (uint)ready.Length];
    }

    public async ValueTask DisposeAsync()
    {
        await _end.CancelAsync();
        await _watching;
        _end.Dispose();
    }

    private async Task WatchAsync()
    {
        while (!_end.IsCancellationRequested)
        {
            var ready = await Task.WhenAll(_gateways.Select(async gateway => (gateway, IsReady: await IsReadyAsync(gateway))));
            if (ready.Where(one => one.IsReady).Select(one => one.gateway).ToArray() is { Length: > 0 } some)
            {
                Volatile.Write(ref _ready, some);
            }

            await Task.Delay(Pause, _end.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private static async Task<bool> IsReadyAsync(HttpClient gateway)
    {
        try
        {
            using var limit = new CancellationTokenSource(TimeSpan.FromMilliseconds(900));
            using var response = await gateway.GetAsync(new Uri("/ready", UriKind.Relative), limit.Token);
            return response.IsSuccessStatusCode;
        }
        catch (Exception exception) when (exception is HttpRequestException or OperationCanceledException)
        {
            return false;
        }
    }
}
