using FsCheck;
using FsCheck.Fluent;
using LlmGateway.Gateway.Limits;
using LlmGateway.Testing;
using StackExchange.Redis;

namespace LlmGateway.Gateway.Tests.Limits;

/// <summary>The scripts on a real Redis.</summary>
public sealed class ScriptTests
{
    private static readonly TimeSpan LeaseTime = TimeSpan.FromSeconds(30);
    private static readonly Lazy<Task<ConnectionMultiplexer>> Redis = new(async () =>
        await ConnectionMultiplexer.ConnectAsync((await RedisServer.SharedAsync()).ConnectionString + ",syncTimeout=5000,allowAdmin=true"));

    private long _now = 1_800_000_000_000;

    /// <summary>Kind 0 to 4: a call, a call of many tokens, a correction down or up, the end of a lease; after so many milliseconds.</summary>
    private static readonly Gen<(int Kind, int After, int Amount)[]> Steps = (
        from kind in Gen.Choose(0, 6)
        from after in Gen.Frequency((8, Gen.Choose(0, 2_000)), (2, Gen.Choose(2_000, 70_000)), (1, Gen.Choose(-3_000, 0)), (1, Gen.Constant(-200_000)))
        from amount in Gen.Choose(0, 400)
        select (kind, after, amount)).ArrayOf(60);

    [Fact]
    public async Task The_same_happens_in_Redis_and_in_memory_whatever_comes_in_whatever_order()
    {
        var redis = new RedisLimits(await Redis.Value, LeaseTime, () => _now);
        Check.One(Config.QuickThrowOnFailure.WithMaxTest(20), Prop.ForAll(Steps.ToArbitrary(), steps =>
        {
            var (rules, memory) = (Rules(), new MemoryLimits(LeaseTime));
            foreach (var step in steps)
            {
                _now += step.After;
                if (Run(step, rules, redis, memory) is { } difference)
                {
                    throw new InvalidOperationException(difference);
                }
            }

            return true;
        }));
    }

    [Fact]
    public async Task A_call_is_charged_by_all_its_limits_or_by_none()
    {
        var limits = new RedisLimits(await Redis.Value, LeaseTime, () => _now);
        var (wide, narrow) = (Rule(RateUnit.Requests, 10, 60_000), Rule(RateUnit.Requests, 2, 60_000));
        Charge[] both = [new(wide, 1, 1), new(narrow, 1, 1)];

        (await limits.AdmitAsync(both, "")).IsAdmitted.ShouldBeTrue();
        (await limits.AdmitAsync(both, "")).IsAdmitted.ShouldBeTrue();
        var refused = await limits.AdmitAsync(both, "");

        (refused.Refused, refused.States[0].Used, refused.States[1].Used).ShouldBe((1, 2, 2));
    }

    [Fact]
    public async Task The_clock_of_Redis_is_used_and_nothing_stays_there_for_ever()
    {
        var redis = await Redis.Value;
        var limits = new RedisLimits(redis, TimeSpan.FromSeconds(5));
        var (window, places) = (Rule(RateUnit.Requests, 10, 60_000), Rule(RateUnit.Parallel, 10, 0));

        var verdict = await limits.AdmitAsync([new(window, 1, 1), new(places, 1, 1)], "call-1");

        verdict.States[0].ResetMs.ShouldBeInRange(59_000, 60_500);
        (await redis.GetDatabase().KeyTimeToLiveAsync(window.StoreKey))!.Value.TotalSeconds.ShouldBeInRange(55, 62);
        (await redis.GetDatabase().KeyTimeToLiveAsync(places.StoreKey))!.Value.TotalSeconds.ShouldBeInRange(1, 5);
    }

    [Fact]
    public async Task A_busy_window_is_a_small_list_in_Redis()
    {
        var redis = await Redis.Value;
        var limits = new RedisLimits(redis, LeaseTime, () => _now);
        var rule = Rule(RateUnit.Tokens, 1_000_000_000, 60_000);
        for (var slot = 0; slot < 3 * SlidingWindow.Slots; slot++, _now += 500)
        {
            await limits.AdmitAsync([new(rule, 4_000, 1)], "");
        }

        (await redis.GetDatabase().HashLengthAsync(rule.StoreKey)).ShouldBeLessThanOrEqualTo(SlidingWindow.Slots + 4);
        ((string)await redis.GetDatabase().ExecuteAsync("OBJECT", "ENCODING", rule.StoreKey))!.ShouldBeOneOf("listpack", "ziplist");
    }

    [Fact]
    public async Task Scripts_that_Redis_forgot_are_sent_again()
    {
        var redis = await Redis.Value;
        var limits = new RedisLimits(redis, LeaseTime, () => _now);
        var rule = Rule(RateUnit.Requests, 10, 60_000);
        await limits.AdmitAsync([new(rule, 1, 1)], "");

        await redis.GetDatabase().ExecuteAsync("SCRIPT", "FLUSH");

        (await limits.AdmitAsync([new(rule, 1, 1)], "")).States[0].Used.ShouldBe(2);
    }

    private static LimitRule[] Rules() =>
        [Rule(RateUnit.Requests, 20, 60_000), Rule(RateUnit.Requests, 30, 180_000), Rule(RateUnit.Tokens, 1_000, 7_000), Rule(RateUnit.Parallel, 6, 0)];

    private static LimitRule Rule(RateUnit unit, long limit, long windowMs) => new(LimitScope.Key, unit, limit, windowMs, $"test:{Guid.NewGuid():N}");

    // Null, or what differs.
    private string? Run((int Kind, int After, int Amount) step, LimitRule[] rules, RedisLimits redis, MemoryLimits memory)
    {
        var (kind, _, amount) = step;
        var lease = $"lease-{amount % 10}";
        if (kind <= 3)
        {
            Charge[] charges = [new(rules[0], 1, 1), new(rules[1], 1, 1), new(rules[2], amount * (kind + 1), amount), new(rules[3], kind & 1, kind & 1)];
            var (there, here) = (redis.AdmitAsync(charges, lease).GetAwaiter().GetResult(), memory.Admit(charges, lease, _now));
            return (there.Refused, there.RetryMs) == (here.Refused, here.RetryMs) && there.States.SequenceEqual(here.States)
                ? null
                : $"Redis {there.Refused} {there.RetryMs} {string.Join(' ', there.States)}; memory {here.Refused} {here.RetryMs} {string.Join(' ', here.States)}";
        }

        var slot = _now * SlidingWindow.Slots / rules[2].WindowMs;
        Correction[] corrections = kind switch
        {
            4 => [new(rules[2], slot - (amount % 130), -amount)],
            5 => [new(rules[2], slot, amount)],
            _ => [new(rules[3], 0, 0)],
        };
        redis.CorrectAsync(corrections, lease).GetAwaiter().GetResult();
        memory.Correct(corrections, lease, _now);
        return null;
    }
}
