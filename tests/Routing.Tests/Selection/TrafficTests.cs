using FsCheck;
using FsCheck.Fluent;
using LlmGateway.Routing.Catalog;
using LlmGateway.Routing.Selection;
using LlmGateway.Testing;

namespace LlmGateway.Routing.Tests.Selection;

public sealed class TrafficTests
{
    private readonly FakeTime _time = new();

    [Fact]
    public void No_minute_has_more_calls_or_tokens_than_the_limits()
    {
        Check.QuickThrowOnFailure(Prop.ForAll<int>(seed =>
        {
            var (random, time) = (new Random(seed), new FakeTime());
            var deployment = SelectionTests.Of("d") with { RequestsPerMinute = 10, TokensPerMinute = 2000 };
            var traffic = new Traffic(time).Of(deployment);
            var (let, now) = (new List<(double At, long Tokens)>(), 0.0);
            for (var call = 0; call < 200; call++)
            {
                var tokens = random.Next(1, 500);
                if (traffic.TryBegin(deployment, tokens, out var wait))
                {
                    let.Add((now, tokens));
                }
                else if (wait <= TimeSpan.Zero || wait > TimeSpan.FromSeconds(61))
                {
                    return false;
                }

                var step = random.NextDouble() * 8;
                time.Advance(TimeSpan.FromSeconds(step));
                now += step;
            }

            return let.All(one => let.Count(other => other.At >= one.At && other.At < one.At + 60) <= 10
                && let.Where(other => other.At >= one.At && other.At < one.At + 60).Sum(other => other.Tokens) <= 2000);
        }));
    }

    [Fact]
    public void There_is_room_again_when_it_was_said()
    {
        var deployment = SelectionTests.Of("d") with { RequestsPerMinute = 2 };
        var traffic = new Traffic(_time).Of(deployment);
        traffic.TryBegin(deployment, 1, out _).ShouldBeTrue();
        _time.Advance(TimeSpan.FromSeconds(20));
        traffic.TryBegin(deployment, 1, out _).ShouldBeTrue();

        traffic.TryBegin(deployment, 1, out var wait).ShouldBeFalse();
        wait.ShouldBeInRange(TimeSpan.FromSeconds(40), TimeSpan.FromSeconds(42));
        _time.Advance(wait);
        traffic.Look(deployment, 1).ShouldBe(TimeSpan.Zero);
        traffic.TryBegin(deployment, 1, out _).ShouldBeTrue();
        traffic.TryBegin(deployment, 1, out _).ShouldBeFalse();
    }

    [Fact]
    public void What_a_call_used_counts_and_not_what_was_thought()
    {
        var deployment = SelectionTests.Of("d") with { TokensPerMinute = 1000 };
        var traffic = new Traffic(_time).Of(deployment);
        traffic.TryBegin(deployment, 100, out _).ShouldBeTrue();
        traffic.Used(800);

        traffic.LastMinute.ShouldBe((1, 900));
        traffic.TryBegin(deployment, 200, out _).ShouldBeFalse();
        traffic.TryBegin(deployment, 100, out _).ShouldBeTrue();
    }

    [Fact]
    public void A_deployment_without_limits_is_counted_and_never_refused()
    {
        var deployment = SelectionTests.Of("d");
        var traffic = new Traffic(_time).Of(deployment);

        for (var call = 0; call < 1000; call++)
        {
            traffic.TryBegin(deployment, 1_000_000, out _).ShouldBeTrue();
        }

        traffic.LastMinute.Requests.ShouldBe(1000);
        _time.Advance(TimeSpan.FromMinutes(2));
        traffic.LastMinute.ShouldBe((0, 0));
    }
}
