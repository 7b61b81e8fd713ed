using LlmGateway.Protos.Routing.V1;
using LlmGateway.Routing.Calls;
using LlmGateway.Routing.Catalog;
using LlmGateway.Routing.Health;
using LlmGateway.Testing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;

namespace LlmGateway.Routing.Tests.Health;

/// <summary>When a deployment or a key is left alone, for how long, and how it comes back. The times are the defaults.</summary>
public sealed class DeploymentHealthTests
{
    private static readonly CallFault Broken = new(CallFailure.ProviderError, "It broke.") { Status = 500 };
    private static readonly CallFault Limited = new(CallFailure.ProviderRateLimited, "Slower.") { Status = 429, RetryAfter = TimeSpan.FromSeconds(7) };
    private static readonly CallFault Unpaid = new(CallFailure.NoAvailableProvider, "Spent.") { Status = 402 };
    private static readonly CallFault Refused = new(CallFailure.ProviderAuth, "Who?") { Status = 401 };

    private readonly FakeTime _time = new();
    private readonly HealthBoard _board;
    private readonly Deployment _deployment = Named("a");

    public DeploymentHealthTests() => _board = Board(new BreakerOptions());

    [Fact]
    public void So_many_failures_open_the_breaker_for_its_time()
    {
        Fail(4);
        Reason().ShouldBe(CooldownReason.None);

        Fail(1);

        Reason().ShouldBe(CooldownReason.Failing);
        _time.Advance(TimeSpan.FromSeconds(59.9));
        Reason().ShouldBe(CooldownReason.Failing);
        _time.Advance(TimeSpan.FromSeconds(0.2));
        Reason().ShouldBe(CooldownReason.None);
        State().ShouldBe(BreakerState.HalfOpen);
    }

    [Fact]
    public void One_that_fails_every_other_time_is_left_alone_too()
    {
        var calls = 0;
        while (Reason() == CooldownReason.None && calls < 100)
        {
            calls++;
            End(Enter()!, calls % 2 == 1 ? Broken : null);
        }

        calls.ShouldBe(9);
    }

    [Fact]
    public void A_breaker_lets_one_call_try_and_its_success_lets_all()
    {
        Fail(5);
        _time.Advance(TimeSpan.FromSeconds(61));

        var probe = Enter().ShouldNotBeNull();
        Enter().ShouldBeNull();
        Reason().ShouldBe(CooldownReason.Probing);
        End(probe, null);

        State().ShouldBe(BreakerState.Closed);
        Enter().ShouldNotBeNull();
        Enter().ShouldNotBeNull();
        _board.InFlight(_deployment).ShouldBe(2);
    }

    [Fact]
    public void A_probe_that_fails_opens_it_again_and_one_whose_client_left_is_followed_by_another()
    {
        Fail(5);
        _time.Advance(TimeSpan.FromSeconds(61));
        Enter()!.Dispose();

        End(Enter().ShouldNotBeNull(), Broken);

        Reason().ShouldBe(CooldownReason.Failing);
        _time.Advance(TimeSpan.FromSeconds(61));
        State().ShouldBe(BreakerState.HalfOpen);
    }

    [Fact]
    public void A_fault_in_the_request_says_that_the_provider_works_and_one_that_was_not_sent_says_nothing()
    {
        Fail(4);
        End(Enter()!, ProviderSays(400));
        End(Enter()!, ProviderSays(404));
        End(Enter()!, new CallFault(CallFailure.InvalidRequest, "No.") { Code = "unsupported_parameter" });

        _board.Of(_deployment).Report(_deployment).Failures.ShouldBe(4);
        Reason().ShouldBe(CooldownReason.None);
    }

    [Fact]
    public void A_rate_limit_is_kept_to_for_as_long_as_it_says_and_a_shorter_one_does_not_end_it()
    {
        var (first, second) = (Enter()!, Enter()!);
        End(first, Limited);
        End(second, Limited with { RetryAfter = TimeSpan.FromSeconds(2) });

        _time.Advance(TimeSpan.FromSeconds(6.9));
        Reason().ShouldBe(CooldownReason.RateLimited);
        _time.Advance(TimeSpan.FromSeconds(0.2));
        (Enter(), Enter()).ShouldSatisfyAllConditions(both => both.Item1.ShouldNotBeNull(), both => both.Item2.ShouldNotBeNull());
    }

    [Fact]
    public void A_rate_limit_that_names_no_time_is_kept_to_for_seconds()
    {
        End(Enter()!, Limited with { RetryAfter = TimeSpan.Zero });

        _time.Advance(TimeSpan.FromSeconds(4.9));
        Reason().ShouldBe(CooldownReason.RateLimited);
        _time.Advance(TimeSpan.FromSeconds(0.2));
        Reason().ShouldBe(CooldownReason.None);
    }

    [Fact]
    public void Spent_credit_is_left_alone_for_hours_wherever_the_key_is_used()
    {
        var (one, other) = (Named("a", "sk-1"), Named("b", "sk-1"));

        End(Enter(one)!, Unpaid);

        _time.Advance(TimeSpan.FromMinutes(119));
        _board.Look(other).Reason.ShouldBe(CooldownReason.CreditSpent);
        _time.Advance(TimeSpan.FromMinutes(2));
        _board.Look(other).Reason.ShouldBe(CooldownReason.None);
    }

    [Fact]
    public void Keys_are_used_in_turn_and_a_refused_one_is_passed_over()
    {
        var deployment = Named("a", "sk-1", "sk-2", "sk-3");
        Keys(6).ShouldBe(["sk-1", "sk-2", "sk-3", "sk-1", "sk-2", "sk-3"]);

        End(Enter(deployment)!, Refused);

        Keys(4).ShouldBe(["sk-2", "sk-3", "sk-2", "sk-3"]);
        _board.Look(Named("b", "sk-1")).Reason.ShouldBe(CooldownReason.KeyRefused);
        _time.Advance(TimeSpan.FromSeconds(301));
        Keys(3).ShouldContain("sk-1");

        IEnumerable<string> Keys(int count) => [.. Enumerable.Range(0, count).Select(_ => Enter(deployment)!.Deployment.Key!.Reveal())];
    }

    [Fact]
    public void A_rate_limit_of_one_key_leaves_the_deployment_to_the_others()
    {
        var deployment = Named("a", "sk-1", "sk-2");

        End(Enter(deployment)!, Limited);
        Enter(deployment)!.Deployment.Key!.Reveal().ShouldBe("sk-2");
        End(Enter(deployment)!, Limited with { RetryAfter = TimeSpan.FromSeconds(30) });

        _board.Look(deployment).ShouldBe(new Cooldown(TimeSpan.FromSeconds(7), CooldownReason.RateLimited));
        _board.Look(Named("b", "sk-1")).Reason.ShouldBe(CooldownReason.None);
    }

    /// <summary>A key may have no right to one model and be good for the others.</summary>
    [Fact]
    public void A_forbidden_call_is_a_failure_of_its_deployment_and_none_of_its_key()
    {
        var deployment = Named("a", "sk-1");

        End(Enter(deployment)!, Refused with { Status = 403 });

        _board.Look(deployment).Reason.ShouldBe(CooldownReason.None);
        _board.Of(deployment).Report(deployment).Failures.ShouldBe(1);
    }

    [Fact]
    public void A_share_grows_from_a_tenth_to_all_of_it_after_a_cooldown()
    {
        _ = _board.Share(_deployment);
        _time.Advance(TimeSpan.FromMinutes(1));
        _board.Share(_deployment).ShouldBe(1);

        Fail(5);
        _time.Advance(TimeSpan.FromSeconds(90));
        _board.Share(_deployment).ShouldBe(0.1);
        End(Enter()!, null);

        _board.Share(_deployment).ShouldBe(0.1);
        _time.Advance(TimeSpan.FromSeconds(15));
        _board.Share(_deployment).ShouldBe(0.55, tolerance: 1e-9);
        _time.Advance(TimeSpan.FromSeconds(15));
        _board.Share(_deployment).ShouldBe(1);
    }

    [Fact]
    public void An_administrator_keeps_calls_away_and_lets_them_come_back()
    {
        _board.Of(_deployment).Cool(TimeSpan.FromSeconds(100), "they said so");
        Fail(0);
        var report = _board.Of(_deployment).Report(_deployment);
        (report.State, report.Cooldown.Name, report.Note).ShouldBe((BreakerState.Open, "operator", "they said so"));

        _board.Clear(_deployment);

        State().ShouldBe(BreakerState.Closed);
    }

    [Fact]
    public void Cleared_is_also_what_is_known_of_the_keys_and_a_breaker_that_waits_for_a_proof()
    {
        var deployment = Named("a", "sk-1");
        End(Enter(deployment)!, Unpaid);
        for (var call = 0; call < 5; call++)
        {
            _board.Clear(deployment);
            End(Enter(deployment).ShouldNotBeNull(), Broken);
        }

        _board.Of(deployment).Report(deployment).ShouldBe(new HealthReport(BreakerState.Closed, default, "", 1, 0, 0.1));
    }

    [Fact]
    public void With_the_breaker_off_only_what_providers_say_of_themselves_is_kept_to()
    {
        var board = Board(new BreakerOptions { Enabled = false });
        for (var call = 0; call < 20; call++)
        {
            var visit = board.Of(_deployment).TryEnter(_deployment, out _)!;
            End(visit, Broken);
        }

        board.Look(_deployment).Reason.ShouldBe(CooldownReason.None);
        End(board.Of(_deployment).TryEnter(_deployment, out _)!, Limited);
        board.Look(_deployment).Reason.ShouldBe(CooldownReason.RateLimited);
    }

    private static Deployment Named(string id, params string[] keys) => new()
    {
        Id = id,
        ModelName = "model",
        Provider = "openai",
        UpstreamModel = "model",
        Adapter = "openai",
        Keys = [.. keys.Select(key => new ProviderKey(key))],
    };

    private static CallFault ProviderSays(int status) => new(CallFailure.ProviderRefused, "Your fault.") { Status = status };

    private static void End(Visit visit, CallFault? fault)
    {
        using (visit)
        {
            if (fault is null)
            {
                visit.Answered();
            }
            else
            {
                visit.Failed(fault);
            }
        }
    }

    private HealthBoard Board(BreakerOptions options) => new(
        Options.Create(options), new RoutingMetrics(new ServiceCollection().AddMetrics().BuildServiceProvider().GetRequiredService<System.Diagnostics.Metrics.IMeterFactory>()),
        _time, NullLogger<HealthBoard>.Instance);

    private Visit? Enter(Deployment? deployment = null) => _board.Of(deployment ?? _deployment).TryEnter(deployment ?? _deployment, out _);

    private CooldownReason Reason() => _board.Look(_deployment).Reason;

    private BreakerState State() => _board.Of(_deployment).Report(_deployment).State;

    private void Fail(int times)
    {
        for (var time = 0; time < times; time++)
        {
            End(Enter().ShouldNotBeNull(), Broken);
        }
    }
}
