using LlmGateway.Gateway.Authentication;
using LlmGateway.Gateway.Calls;
using LlmGateway.Gateway.Limits;
using LlmGateway.Gateway.OpenAi;
using LlmGateway.Gateway.Tests.Authentication;
using LlmGateway.Protos.Keys.V1;
using LlmGateway.Protos.Routing.V1;
using LlmGateway.Testing;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;

namespace LlmGateway.Gateway.Tests.Limits;

/// <summary>Which limits hold for whom, and what calls take of them; in memory, with a clock that a test moves.</summary>
public sealed class RequestLimiterTests : IDisposable
{
    private readonly FakeTime _time = new();
    private readonly TestMeters _meters = new();
    private readonly GatewayMetrics _metrics;

    public RequestLimiterTests() => _metrics = new(_meters);

    [Fact]
    public void Each_limit_is_the_key_s_or_its_tariff_s_else_the_configured_default()
    {
        Names(new(), new()).ShouldBe(["requests_per_minute 60", "requests_per_hour 1000"]);
        Names(new() { RequestsPerMinute = 5, RequestsPerHour = 50, TokensPerMinute = 7, Parallel = 2 }, new() { RequestsPerMinute = 9, Parallel = 4 })
            .ShouldBe(["requests_per_minute 9", "requests_per_hour 50", "tokens_per_minute 7", "parallel 4"]);
        Names(new() { Requests = 30, WindowSeconds = 10 }, new()).ShouldBe(["requests_per_window 30"]);
        Names(new() { Requests = 30, WindowSeconds = 10 }, new() { RequestsPerHour = 8 }).ShouldBe(["requests_per_hour 8"]);
        Names(new() { RequestsPerMinute = 5, RequestsPerHour = 50, AccountRequestsPerMinute = 1, GlobalParallel = 2, GlobalTokensPerMinute = 3 }, new())
            .ShouldBe(["requests_per_minute 5", "requests_per_hour 50", "account_requests_per_minute 1", "global_tokens_per_minute 3", "global_parallel 2"]);
    }

    [Fact]
    public async Task Looking_at_the_account_has_ten_times_the_allowance_and_takes_nothing_of_that_of_calls()
    {
        var limiter = Limiter(new());
        var caller = Caller(new() { RequestsPerMinute = 2 });
        for (var read = 0; read < 20; read++)
        {
            (await limiter.AdmitReadAsync(caller)).Refusal.ShouldBeNull();
        }

        (await limiter.AdmitReadAsync(caller)).Refusal!.Message.ShouldStartWith("Rate limit reached for account requests per minute of this key: limit 20, used 20.");
        (await limiter.AdmitAsync("a", Call(caller))).Refusal.ShouldBeNull();
    }

    [Fact]
    public async Task Keys_of_one_account_share_its_limit_and_everybody_the_global_one()
    {
        var limiter = Limiter(new() { AccountRequestsPerMinute = 2, GlobalRequestsPerMinute = 3 });
        (await limiter.AdmitAsync("a", Call(Caller(new(), key: "1")))).Refusal.ShouldBeNull();
        (await limiter.AdmitAsync("b", Call(Caller(new(), key: "2")))).Refusal.ShouldBeNull();
        Scope(await limiter.AdmitAsync("c", Call(Caller(new(), key: "3")))).ShouldBe("account");
        (await limiter.AdmitAsync("d", Call(Caller(new(), account: "other")))).Refusal.ShouldBeNull();
        Scope(await limiter.AdmitAsync("e", Call(Caller(new(), account: "third")))).ShouldBe("global");
    }

    [Fact]
    public async Task A_refusal_names_the_limit_its_figures_and_the_moment_at_which_it_would_not_be_one()
    {
        var (limiter, caller) = (Limiter(new()), Caller(new() { RequestsPerMinute = 2 }));
        await limiter.AdmitAsync("a", Call(caller));
        _time.Advance(TimeSpan.FromSeconds(20));
        await limiter.AdmitAsync("b", Call(caller));

        var refusal = (await limiter.AdmitAsync("c", Call(caller))).Refusal!;

        (refusal.Status, refusal.Type, refusal.Code, refusal.ShouldRetry).ShouldBe((429, "rate_limit_error", "rate_limit_exceeded", null));
        refusal.Message.ShouldStartWith("Rate limit reached for requests per minute of this key: limit 2, used 2. Try again in 40.");
        refusal.Metadata.ShouldBe(new ErrorMetadata
        {
            Scope = "key",
            Unit = "requests",
            WindowSeconds = 60,
            Limit = 2,
            Used = 2,
            ResetsAt = (_time.GetUtcNow() + refusal.RetryAfter!.Value).UtcDateTime,
        });
        _time.Advance(refusal.RetryAfter.Value - TimeSpan.FromMilliseconds(1));
        (await limiter.AdmitAsync("d", Call(caller))).Refusal.ShouldNotBeNull();
        _time.Advance(TimeSpan.FromMilliseconds(1));
        (await limiter.AdmitAsync("e", Call(caller))).Refusal.ShouldBeNull();
    }

    [Fact]
    public async Task How_busy_the_whole_gateway_is_no_client_is_told()
    {
        var (limiter, caller) = (Limiter(new() { GlobalRequestsPerMinute = 1, GlobalTokensPerMinute = 777 }), Caller(new() { RequestsPerMinute = 20 }));
        Headers(await limiter.AdmitAsync("a", Call(caller))).ShouldBe([("x-ratelimit-limit-requests", "20"), ("x-ratelimit-remaining-requests", "19")]);

        var refused = await limiter.AdmitAsync("b", Call(caller));

        Headers(refused).ShouldBe([("x-ratelimit-limit-requests", "20"), ("x-ratelimit-remaining-requests", "19")]);
        refused.Refusal!.Message.ShouldStartWith("Rate limit reached for requests per minute of the whole gateway. Try again in ");
        var metadata = refused.Refusal.Metadata!;
        (metadata.Scope, metadata.Limit, metadata.Used).ShouldBe(("global", null, null));
        metadata.ResetsAt.ShouldNotBeNull();
        refused.Refusal.RetryAfter.ShouldNotBeNull();
    }

    [Fact]
    public async Task A_limit_of_nothing_and_a_prompt_larger_than_the_limit_are_not_to_be_tried_again()
    {
        var nothing = (await Limiter(new()).AdmitAsync("a", Call(Caller(new() { RequestsPerMinute = 0 })))).Refusal!;
        (nothing.ShouldRetry, nothing.RetryAfter, nothing.Metadata!.ResetsAt).ShouldBe((false, null, null));

        var large = (await Limiter(new()).AdmitAsync("a", Call(Caller(new() { TokensPerMinute = 100 }), prompt: 4_000))).Refusal!;
        (large.ShouldRetry, large.Metadata!.Unit).ShouldBe((false, "tokens"));
    }

    [Fact]
    public async Task A_call_without_a_maximum_is_never_refused_for_it_and_one_with_a_maximum_above_the_limit_waits_for_all_of_it()
    {
        var (limiter, caller) = (Limiter(new()), Caller(new() { TokensPerMinute = 1_000 }));
        var open = await limiter.AdmitAsync("a", Call(caller));
        open.Refusal.ShouldBeNull();
        (await UsedAsync(limiter, caller, "tokens_per_minute")).ShouldBe(1_000);
        await open.EndAsync(tokens: 300);
        (await limiter.AdmitAsync("b", Call(caller))).Refusal.ShouldBeNull();

        var alone = Caller(new() { TokensPerMinute = 1_000 }, key: "alone");
        var most = await limiter.AdmitAsync("c", Call(alone, max: 1_000_000));
        most.Refusal.ShouldBeNull();
        await most.EndAsync(tokens: 1);
        (await limiter.AdmitAsync("d", Call(alone, max: 1_000_000))).Refusal!.Metadata!.Unit.ShouldBe("tokens");
    }

    [Fact]
    public async Task A_call_that_a_later_step_refuses_leaves_everything_as_it_was()
    {
        var (limiter, caller) = (Limiter(new() { AccountRequestsPerMinute = 9, GlobalTokensPerMinute = 90_000 }), Caller(new() { TokensPerMinute = 9_000, Parallel = 3 }));
        var before = (await limiter.ReadAsync(caller)).All.Select(reading => reading.Used).ToList();

        await (await limiter.AdmitAsync("a", Call(caller))).FailAsync(new(429, "insufficient_quota", "insufficient_balance", ""));
        await (await limiter.AdmitAsync("b", Call(caller))).UndoAsync();

        (await limiter.ReadAsync(caller)).All.Select(reading => reading.Used).ShouldBe(before);
    }

    [Fact]
    public async Task A_call_that_a_provider_failed_counts_as_a_request_and_not_in_tokens_and_one_that_broke_off_with_all_that_it_took()
    {
        var (limiter, caller) = (Limiter(new()), Caller(new() { TokensPerMinute = 9_000, Parallel = 1 }));
        for (var call = 1; call <= 20; call++)
        {
            await (await limiter.AdmitAsync("timeout", Call(caller))).FailAsync(new(504, "upstream_error", "provider_timeout", "") { Attempts = 3 });
        }

        (await UsedAsync(limiter, caller, "requests_per_minute")).ShouldBe(20);
        (await UsedAsync(limiter, caller, "parallel")).ShouldBe(0);
        (await UsedAsync(limiter, caller, "tokens_per_minute")).ShouldBe(0);

        var left = await limiter.AdmitAsync("left", Call(caller, prompt: 400, max: 3_000));
        await left.BreakOffAsync();
        await left.EndAsync(tokens: 5);
        (await UsedAsync(limiter, caller, "tokens_per_minute")).ShouldBeInRange(3_100, 3_110);

        var broken = await limiter.AdmitAsync("broken", Call(caller, prompt: 400, max: 3_000));
        broken.HasOutput = true;
        await broken.FailAsync(new(502, "upstream_error", "provider_error", "") { Attempts = 1 });
        (await UsedAsync(limiter, caller, "tokens_per_minute")).ShouldBeInRange(6_200, 6_220);
        (await UsedAsync(limiter, caller, "requests_per_minute")).ShouldBe(22);
        (await UsedAsync(limiter, caller, "parallel")).ShouldBe(0);
    }

    /// <summary>Estimates too high, and some too low; calls that take their time; and always somebody who waits.</summary>
    [Fact]
    public async Task In_ten_windows_the_tokens_that_calls_used_are_the_limit_s_within_one_percent()
    {
        const long Limit = 100_000;
        var (limiter, caller, dice) = (Limiter(new() { RequestsPerMinute = 1_000_000, RequestsPerHour = 1_000_000 }), Caller(new() { TokensPerMinute = Limit }), new Random(11));
        var (running, used) = (new Queue<(Admission Call, DateTimeOffset Ends, long Tokens)>(), 0L);
        var end = _time.GetUtcNow() + TimeSpan.FromMinutes(10);
        while (_time.GetUtcNow() < end)
        {
            while (running.TryPeek(out var oldest) && oldest.Ends <= _time.GetUtcNow())
            {
                running.Dequeue();
                await oldest.Call.EndAsync(oldest.Tokens);
                used += oldest.Tokens;
            }

            while (await limiter.AdmitAsync("call", Call(caller, prompt: 40, max: 90)) is { Refusal: null } admission)
            {
                running.Enqueue((admission, _time.GetUtcNow() + TimeSpan.FromMilliseconds(400), dice.Next(60, 110)));
            }

            _time.Advance(TimeSpan.FromMilliseconds(100));
        }

        used.ShouldBeInRange(10 * Limit * 99 / 100, 10 * Limit * 101 / 100);
    }

    [Fact]
    public void The_headers_have_the_tightest_window_in_the_form_of_each_surface()
    {
        LimitHead.Span(TimeSpan.FromMilliseconds(1)).ShouldBe("1s");
        LimitHead.Span(TimeSpan.FromSeconds(59.2)).ShouldBe("1m0s");
        LimitHead.Span(TimeSpan.FromMinutes(6)).ShouldBe("6m0s");
        LimitHead.Span(TimeSpan.FromSeconds(3_661)).ShouldBe("1h1m1s");
        LimitHead.Moment(new DateTimeOffset(2026, 11, 21, 10, 0, 0, 1, TimeSpan.Zero)).ShouldBe("2026-11-21T10:00:01Z");
        LimitHead.Moment(new DateTimeOffset(2026, 11, 21, 10, 0, 0, TimeSpan.Zero)).ShouldBe("2026-11-21T10:00:00Z");
    }

    [Fact]
    public void A_Redis_that_gives_up_what_was_asked_of_it_has_failed() => LimitStore.IsFailure(new TaskCanceledException()).ShouldBeTrue();

    public void Dispose()
    {
        _metrics.Dispose();
        _meters.Dispose();
    }

    private static IEnumerable<(string, string)> Headers(Admission admission)
    {
        var context = new DefaultHttpContext();
        admission.Head.Write(context);
        return context.Response.Headers.Where(header => !header.Key.Contains("reset", StringComparison.Ordinal)).Select(header => (header.Key, header.Value.ToString()));
    }

    private static string? Scope(Admission admission) => admission.Refusal?.Metadata?.Scope;

    private static async Task<long> UsedAsync(RequestLimiter limiter, Caller caller, string name) =>
        (await limiter.ReadAsync(caller)).All.Single(reading => LimitNames.Of(reading.Rule) == name).Used;

    private static Caller Caller(KeyLimits limits, string account = "acme", string key = "key") => new(account, $"{account}-{key}", "sk-...", Role.Account) { Limits = limits };

    private static IEnumerable<string> Names(LimitOptions options, KeyLimits limits) =>
        new LimitPlans(Options.Create(options)).Of(Caller(limits)).Calls.Select(rule => $"{LimitNames.Of(rule)} {rule.Limit}");

    private static CallRequest Call(Caller caller, int prompt = 4, long? max = null) => new(
        caller, Dialect.OpenaiChat, Body($$"""{"p":"{{new string('.', prompt)}}"}"""), "m", Stream: false, max, IncludeUsage: false);

    private static RequestBody Body(string json)
    {
        var context = new DefaultHttpContext();
        context.Request.ContentType = "application/json";
        context.Request.Body = new MemoryStream(System.Text.Encoding.UTF8.GetBytes(json));
        return RequestBody.ReadAsync(context, 1_000_000).AsTask().GetAwaiter().GetResult().Body!;
    }

    private RequestLimiter Limiter(LimitOptions options)
    {
        options.Storage = LimitOptions.Memory;
        var configured = Options.Create(options);
        return new(new(configured), new(configured, _metrics, _time, NullLogger<LimitStore>.Instance), configured, _metrics, _time);
    }
}
