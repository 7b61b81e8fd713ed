using LlmGateway.Routing.Health;

namespace LlmGateway.Routing.Tests.Health;

public sealed class DecayedHistogramTests
{
    private readonly DecayedHistogram _times = new();

    [Fact]
    public void Too_few_times_say_nothing()
    {
        Add(0.5, count: 19);
        _times.Quantile(0.95, least: 20).ShouldBeNull();

        Add(0.5);
        _times.Quantile(0.95, least: 20).ShouldNotBeNull().TotalSeconds.ShouldBeInRange(0.5, 0.6);
    }

    [Fact]
    public void A_quantile_is_at_most_a_fifth_above_the_truth()
    {
        for (var time = 1; time <= 100; time++)
        {
            Add(time / 10.0);
        }

        _times.Quantile(0.5, least: 20)!.Value.TotalSeconds.ShouldBeInRange(5, 6);
        _times.Quantile(0.95, least: 20)!.Value.TotalSeconds.ShouldBeInRange(9.5, 11.4);
    }

    [Fact]
    public void What_was_is_forgotten()
    {
        Add(30, count: 500);
        Add(0.2, count: 600);

        _times.Quantile(0.95, least: 20)!.Value.TotalSeconds.ShouldBeInRange(0.2, 31);
        Add(0.2, count: 600);
        _times.Quantile(0.95, least: 20)!.Value.TotalSeconds.ShouldBeInRange(0.2, 0.24);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1e9)]
    public void Any_time_can_be_added(double seconds)
    {
        Add(seconds);
        _times.Quantile(0.95, least: 1).ShouldNotBeNull();
    }

    private void Add(double seconds, int count = 1)
    {
        for (; count > 0; count--)
        {
            _times.Add(TimeSpan.FromSeconds(seconds));
        }
    }
}
