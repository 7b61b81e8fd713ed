using System.Net;
using LlmGateway.Gateway.Limits;
using LlmGateway.Gateway.Tests.Authentication;
using LlmGateway.Testing;
using Microsoft.Extensions.Options;

namespace LlmGateway.Gateway.Tests.Limits;

public sealed class AddressLimitsTests : IDisposable
{
    private static readonly IPAddress Neighbour = IPAddress.Parse("203.0.113.7");

    private readonly FakeTime _time = new();
    private readonly TestMeters _meters = new();
    private readonly GatewayMetrics _metrics;

    public AddressLimitsTests() => _metrics = new(_meters);

    [Fact]
    public void A_few_misconfigured_clients_behind_one_address_are_answered_for_ever()
    {
        var limits = Limits(new());
        for (var refusal = 0; refusal < 40 * 600; refusal++)
        {
            limits.MayTryKeys(Neighbour).ShouldBeTrue();
            limits.KeyRefused(Neighbour);
            _time.Advance(TimeSpan.FromSeconds(1.0 / 40));
        }
    }

    [Fact]
    public void A_flood_is_slowed_down_to_the_rate_and_forgiven_a_second_after_it_ends_however_long_it_was()
    {
        var limits = Limits(new());
        var asked = 0;
        for (var attempt = 0; attempt < 60_000; attempt++)
        {
            if (limits.MayTryKeys(Neighbour))
            {
                asked++;
                limits.KeyRefused(Neighbour);
            }

            _time.Advance(TimeSpan.FromMilliseconds(1));
        }

        asked.ShouldBeInRange(3_400, 3_600);
        for (var cached = 0; cached < 10_000; cached++)
        {
            limits.KeyRefused(Neighbour);
        }

        limits.MayTryKeys(Neighbour).ShouldBeFalse();
        limits.MayTryKeys(IPAddress.Parse("203.0.113.8")).ShouldBeTrue();
        _time.Advance(TimeSpan.FromSeconds(1.1));
        limits.MayTryKeys(Neighbour).ShouldBeTrue();
    }

    [Theory]
    [InlineData("2001:db8::1", "2001:db8::ffff:1", true)]
    [InlineData("2001:db8::1", "2001:db8:0:1::1", false)]
    [InlineData("203.0.113.7", "::ffff:203.0.113.7", true)]
    [InlineData("203.0.113.7", "203.0.113.6", false)]
    [InlineData("203.0.113.7", "::cb00:7107", false)]
    public void An_address_is_that_of_IPv4_or_a_64th_of_IPv6(string one, string other, bool same) =>
        (ClientAddress.Of(IPAddress.Parse(one)) == ClientAddress.Of(IPAddress.Parse(other))).ShouldBe(same);

    [Fact]
    public void Requests_of_an_address_are_limited_only_where_that_is_set_and_the_refusal_says_when_to_come_back()
    {
        Limits(new()).Admit(Neighbour).ShouldBeNull();
        var limits = Limits(new() { AddressRequestsPerMinute = 60 });
        for (var request = 0; request < 60; request++)
        {
            limits.Admit(Neighbour).ShouldBeNull();
        }

        var refusal = limits.Admit(Neighbour)!;

        (refusal.Status, refusal.Code, refusal.Metadata!.Scope, refusal.Metadata.Limit).ShouldBe((429, "rate_limit_exceeded", "address", 60m));
        refusal.RetryAfter!.Value.TotalSeconds.ShouldBe(1, 0.01);
        _time.Advance(refusal.RetryAfter.Value);
        limits.Admit(Neighbour).ShouldBeNull();
        limits.Admit(Neighbour).ShouldNotBeNull();
    }

    public void Dispose()
    {
        _metrics.Dispose();
        _meters.Dispose();
    }

    private AddressLimits Limits(LimitOptions options) => new(Options.Create(options), _metrics, _time);
}
