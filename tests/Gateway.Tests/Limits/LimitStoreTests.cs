using System.Diagnostics;
using LlmGateway.Gateway.Limits;
using LlmGateway.Gateway.Tests.Authentication;
using LlmGateway.Testing;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using StackExchange.Redis;

namespace LlmGateway.Gateway.Tests.Limits;

/// <summary>Redis as it is, and as it fails.</summary>
public sealed class LimitStoreTests
{
    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(10);

    [Fact]
    public async Task Four_gateways_and_two_hundred_clients_never_have_more_calls_at_once_than_the_limit()
    {
        var server = await RedisServer.SharedAsync();
        await using var one = await Gateway.StartAsync(server);
        await using var two = await Gateway.StartAsync(server);
        await using var three = await Gateway.StartAsync(server);
        await using var four = await Gateway.StartAsync(server);
        Gateway[] gateways = [one, two, three, four];
        var rule = Parallel(10);
        var (running, most, done) = (0, 0, 0);

        await Task.WhenAll(Enumerable.Range(0, 200).Select(async client =>
        {
            for (var call = 0; call < 10; call++)
            {
                var (store, lease) = (gateways[(client + call) % 4].Store, new Lease($"{client}-{call}", [rule]));
                var verdict = await store.AdmitAsync([new(rule, 1, 1)], lease);
                if (verdict.IsAdmitted)
                {
                    InterlockedMax(ref most, Interlocked.Increment(ref running));
                    store.Keep(lease);
                    await Task.Delay(2);
                    Interlocked.Increment(ref done);
                    Interlocked.Decrement(ref running);
                    store.End(lease);
                    await store.CorrectAsync([new(rule, 0, 0)], lease, verdict.InRedis);
                }
            }
        }));

        done.ShouldBeGreaterThan(10);
        most.ShouldBe(10);
        (await one.Store.AdmitAsync([new(rule, 0, 0)], new("", []))).States[0].Used.ShouldBe(0);
    }

    [Fact]
    public async Task A_Redis_that_hangs_is_left_within_a_second_and_taken_back_by_itself_with_the_places_of_running_calls()
    {
        await using var server = await RedisServer.StartAsync();
        await using var gateway = await Gateway.StartAsync(server);
        var (rule, running) = (Parallel(2), new Lease("running", []));
        running = running with { Rules = [rule] };
        (await gateway.AdmitAsync(rule, running)).InRedis.ShouldBeTrue();
        gateway.Store.Keep(running);

        await server.FreezeAsync();
        var frozenAt = Stopwatch.GetTimestamp();
        await gateway.UntilAsync(inRedis: false);
        Stopwatch.GetElapsedTime(frozenAt).ShouldBeLessThan(TimeSpan.FromSeconds(3));

        // The running call keeps its place there, and another one's is its second.
        (await gateway.AdmitAsync(rule, new("second", [rule]))).States[0].Used.ShouldBe(2);
        (await gateway.AdmitAsync(rule, new("third", [rule]))).IsAdmitted.ShouldBeFalse();

        await server.ThawAsync();
        await gateway.UntilAsync(inRedis: true);
        var verdict = await gateway.AdmitAsync(rule, new("fourth", [rule]));
        (verdict.InRedis, verdict.States[0].Used).ShouldBe((true, 2));
        gateway.Log.Count(line => line.Contains("Limits are counted")).ShouldBe(2);
    }

    [Fact]
    public async Task What_Redis_does_too_late_for_a_call_is_undone()
    {
        await using var server = await RedisServer.StartAsync();
        await using var gateway = await Gateway.StartAsync(server);
        var rule = new LimitRule(LimitScope.Key, RateUnit.Requests, 10, 60_000, $"test:{Guid.NewGuid():N}");
        (await gateway.AdmitAsync(rule, new("", []))).States[0].Used.ShouldBe(1);

        await server.FreezeAsync();
        (await gateway.AdmitAsync(rule, new("", []))).InRedis.ShouldBeFalse();
        await server.ThawAsync();
        await gateway.UntilAsync(inRedis: true);

        (await gateway.AdmitAsync(rule, new("", []))).States[0].Used.ShouldBe(2);
    }

    [Fact]
    public async Task A_Redis_without_room_or_without_scripts_counts_as_failing_until_it_has_them()
    {
        await using var server = await RedisServer.StartAsync();
        await using var gateway = await Gateway.StartAsync(server);
        await using var client = await Client.ConnectAsync(server);

        await client.ExecuteAsync("CONFIG", "SET", "maxmemory", "1");
        await gateway.UntilAsync(inRedis: false);
        gateway.Store.Failure!.ShouldContain("OOM");
        (await gateway.AdmitAsync(Parallel(2), new("", []))).IsAdmitted.ShouldBeTrue();
        await client.ExecuteAsync("CONFIG", "SET", "maxmemory", "0");
        await gateway.UntilAsync(inRedis: true);

        await client.ExecuteAsync("ACL", "SETUSER", "default", "-@scripting");
        await gateway.UntilAsync(inRedis: false);
        gateway.Store.Failure!.ShouldContain("NOPERM");
        await client.ExecuteAsync("ACL", "SETUSER", "default", "+@scripting");
        await gateway.UntilAsync(inRedis: true);
    }

    [Fact]
    public async Task A_Redis_that_is_not_there_at_the_start_holds_nobody_up()
    {
        await using var nowhere = await Gateway.StartAsync("127.0.0.1:1,connectTimeout=200,connectRetry=1");

        (await nowhere.AdmitAsync(Parallel(2), new("", []))).InRedis.ShouldBeFalse();

        await nowhere.UntilAsync(inRedis: false);
        nowhere.Store.Failure.ShouldBe("there is no connection");
        nowhere.Log.Count.ShouldBe(1);
    }

    [Fact]
    public async Task Calls_that_time_out_leave_no_place_behind_and_neither_do_those_that_die_with_their_gateway()
    {
        var server = await RedisServer.SharedAsync();
        await using var client = await Client.ConnectAsync(server);
        var now = 1_800_000_000_000;
        var (redis, memory, rule) = (new RedisLimits(client.Multiplexer, TimeSpan.FromSeconds(30), () => now), new MemoryLimits(TimeSpan.FromSeconds(30)), Parallel(1_000));
        Charge[] charges = [new(rule, 1, 1)];
        for (var call = 0; call < 1_000; call++)
        {
            await redis.AdmitAsync(charges, $"dead-{call}");
            memory.Admit(charges, $"dead-{call}", now);
        }

        (await redis.AdmitAsync(charges, "one more")).IsAdmitted.ShouldBeFalse();
        now += 30_000;

        (await redis.AdmitAsync([new(rule, 0, 0)], "")).States[0].Used.ShouldBe(0);
        memory.Admit([new(rule, 0, 0)], "", now).States[0].Used.ShouldBe(0);
        memory.Sweep(now);
        memory.Count.ShouldBe(0);
    }

    [Fact]
    [Trait("Category", "Timed")]
    public async Task A_second_after_Redis_hangs_limits_take_less_than_ten_milliseconds_of_a_call_and_a_line_a_second_of_the_log()
    {
        await using var server = await RedisServer.StartAsync();
        await using var gateway = await Gateway.StartAsync(server);
        var rule = new LimitRule(LimitScope.Key, RateUnit.Requests, 1_000_000, 60_000, $"test:{Guid.NewGuid():N}");
        await gateway.AdmitAsync(rule, new("", []));
        await server.FreezeAsync();
        var began = Stopwatch.GetTimestamp();
        var waits = new List<TimeSpan>();
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(2));
        while (Stopwatch.GetElapsedTime(began) < TimeSpan.FromSeconds(4) && await timer.WaitForNextTickAsync())
        {
            var asked = Stopwatch.GetTimestamp();
            await gateway.AdmitAsync(rule, new("", []));
            if (Stopwatch.GetElapsedTime(began, asked) > TimeSpan.FromSeconds(1))
            {
                waits.Add(Stopwatch.GetElapsedTime(asked));
            }
        }

        waits.Order().ElementAt(waits.Count * 99 / 100).ShouldBeLessThan(TimeSpan.FromMilliseconds(10));
        gateway.Log.Count.ShouldBe(1);
    }

    private static LimitRule Parallel(long limit) => new(LimitScope.Key, RateUnit.Parallel, limit, 0, $"test:{Guid.NewGuid():N}");

    private static void InterlockedMax(ref int most, int value)
    {
        for (var seen = Volatile.Read(ref most); value > seen; seen = Volatile.Read(ref most))
        {
            Interlocked.CompareExchange(ref most, value, seen);
        }
    }

    private sealed class Client(ConnectionMultiplexer multiplexer) : IAsyncDisposable
    {
        public ConnectionMultiplexer Multiplexer => multiplexer;

        public static async Task<Client> ConnectAsync(RedisServer server) => new(await ConnectionMultiplexer.ConnectAsync(server.ConnectionString));

        public Task<RedisResult> ExecuteAsync(string command, params object[] arguments) => multiplexer.GetDatabase().ExecuteAsync(command, arguments);

        public ValueTask DisposeAsync()
        {
            multiplexer.Dispose();
            return default;
        }
    }

    /// <summary>What one gateway has of it: a connection, the store and its watch.</summary>
    private sealed class Gateway : IAsyncDisposable
    {
        private readonly ConnectionMultiplexer _redis;
        private readonly GatewayMetrics _metrics;
        private readonly TestMeters _meters = new();
        private readonly LimitStoreWatch _watch;
        private readonly Logger _logger = new();

        private Gateway(ConnectionMultiplexer redis)
        {
            (_redis, _metrics) = (redis, new(_meters));
            Store = new(Options.Create(new LimitOptions()), _metrics, TimeProvider.System, _logger, redis);
            _watch = new(Store, TimeProvider.System);
        }

        public LimitStore Store { get; }

        public IReadOnlyCollection<string> Log => _logger.Lines;

        public static Task<Gateway> StartAsync(RedisServer server) => StartAsync(server.ConnectionString);

        public static async Task<Gateway> StartAsync(string connection)
        {
            var gateway = new Gateway(await ConnectionMultiplexer.ConnectAsync(connection + ",abortConnect=false"));
            await gateway._watch.StartAsync(default);
            return gateway;
        }

        public ValueTask<LimitVerdict> AdmitAsync(LimitRule rule, Lease lease) => Store.AdmitAsync([new(rule, 1, 1)], lease);

        // There is no signal: others find out as this does.
        public async Task UntilAsync(bool inRedis)
        {
            var began = Stopwatch.GetTimestamp();
            while (Store.InRedis != inRedis)
            {
                Stopwatch.GetElapsedTime(began).ShouldBeLessThan(Soon, Store.Failure);
                await Task.Delay(10);
            }
        }

        public async ValueTask DisposeAsync()
        {
            await _watch.StopAsync(default);
            _watch.Dispose();
            _metrics.Dispose();
            _meters.Dispose();
            _redis.Dispose();
        }
    }

    private sealed class Logger : ILogger<LimitStore>
    {
        private readonly System.Collections.Concurrent.ConcurrentQueue<string> _lines = new();

        public IReadOnlyCollection<string> Lines => _lines;

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => logLevel >= LogLevel.Information;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            if (IsEnabled(logLevel))
            {
                _lines.Enqueue(formatter(state, exception));
            }
        }
    }
}
