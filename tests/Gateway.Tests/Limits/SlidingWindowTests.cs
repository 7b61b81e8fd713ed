using FsCheck;
using FsCheck.Fluent;
using LlmGateway.Gateway.Limits;

namespace LlmGateway.Gateway.Tests.Limits;

public sealed class SlidingWindowTests
{
    private const long Window = 60_000;
    private const long Start = 1_800_000_000_123;

    /// <summary>Steps of a clock and what comes then: more than the limit at times, much less at others.</summary>
    private static readonly Gen<(int After, int Amount)[]> Arrivals =
        Gen.Choose(0, 3_000).Zip(Gen.Choose(1, 9)).Select(pair => (pair.Item1, pair.Item2)).ArrayOf(400);

    [Fact]
    public void In_no_stretch_of_the_window_s_length_is_more_admitted_than_the_limit() => Check.QuickThrowOnFailure(Prop.ForAll(
        Arrivals.ToArbitrary(), arrivals =>
        {
            var admitted = Admitted(arrivals, limit: 50);
            return admitted.All(last => admitted.Where(other => other.At > last.At - Window && other.At <= last.At).Sum(other => other.Amount) <= 50);
        }));

    [Fact]
    public void What_a_log_of_every_single_event_would_refuse_now_is_refused_and_what_it_admits_a_slot_later_is_admitted() => Check.QuickThrowOnFailure(Prop.ForAll(
        Arrivals.ToArbitrary(), arrivals =>
        {
            var (now, window) = (Start, new SlidingWindow(Window));
            var log = new List<(long At, long Amount)>();
            return arrivals.All(arrival =>
            {
                now += arrival.After;
                window.MoveTo(now);
                var (fits, sureToFit) = (Used(log, now - Window) + arrival.Amount <= 50, Used(log, now - Window - (Window / SlidingWindow.Slots)) + arrival.Amount <= 50);
                var admitted = window.Total + arrival.Amount <= 50;
                if (admitted)
                {
                    window.Add(arrival.Amount);
                    log.Add((now, arrival.Amount));
                }

                return (!admitted || fits) && (admitted || !sureToFit);
            });
        }));

    [Fact]
    public void Who_comes_back_when_told_is_let_in_and_a_millisecond_before_not() => Check.QuickThrowOnFailure(Prop.ForAll(
        Arrivals.ToArbitrary(), arrivals =>
        {
            var (now, window) = (Start, new SlidingWindow(Window));
            return arrivals.All(arrival =>
            {
                now += arrival.After;
                window.MoveTo(now);
                var excess = window.Total + arrival.Amount - 50;
                if (excess <= 0)
                {
                    window.Add(arrival.Amount);
                    return true;
                }

                var wait = window.WaitMs(excess, now);
                window.MoveTo(now + wait - 1);
                var early = window.Total + arrival.Amount <= 50;
                window.MoveTo(now += wait);
                return !early && window.Total + arrival.Amount <= 50;
            });
        }));

    [Theory]
    [InlineData(60_000)]
    [InlineData(3_600_000)]
    [InlineData(1_000)]
    [InlineData(7_000)]
    public void Under_constant_pressure_ten_windows_admit_ten_limits_less_one_percent_at_most(long length)
    {
        const long Limit = 100_000;
        var (dice, window, admitted) = (new Random(7), new SlidingWindow(length), 0L);
        for (var step = 0; step < 10 * 1_000; step++)
        {
            window.MoveTo(Start + (step * length / 1_000));
            for (var amount = dice.Next(20, 120); window.Total + amount <= Limit; amount = dice.Next(20, 120))
            {
                window.Add(amount);
                admitted += amount;
            }
        }

        admitted.ShouldBeInRange(10 * Limit * 99 / 100, 10 * Limit);
    }

    [Fact]
    public void What_is_given_back_may_be_used_again_and_never_more_than_that()
    {
        var window = new SlidingWindow(Window);
        window.MoveTo(Start);
        window.Add(30);
        var slot = window.Slot;
        window.MoveTo(Start + 10_000);
        window.Add(5);

        window.GiveBack(slot, 20);
        window.Total.ShouldBe(15);
        window.GiveBack(slot, 20);
        window.Total.ShouldBe(5);
        window.GiveBack(slot - 1, 20);
        window.Total.ShouldBe(5);

        window.MoveTo(Start + 10_000 + window.ResetMs(Start + 10_000));
        window.Total.ShouldBe(0);
        window.ResetMs(Start + 90_000).ShouldBe(0);
    }

    [Fact]
    public void A_clock_that_is_set_back_a_little_frees_nothing_and_one_set_back_far_begins_anew()
    {
        var window = new SlidingWindow(Window);
        window.MoveTo(Start);
        window.Add(50);

        window.MoveTo(Start - 5_000);
        window.Total.ShouldBe(50);
        window.Add(1);
        window.Total.ShouldBe(51);

        window.MoveTo(Start - (2 * Window));
        window.Total.ShouldBe(0);
    }

    private static long Used(List<(long At, long Amount)> log, long after) => log.Where(entry => entry.At > after).Sum(entry => entry.Amount);

    private static List<(long At, long Amount)> Admitted((int After, int Amount)[] arrivals, long limit)
    {
        var (now, window, admitted) = (Start, new SlidingWindow(Window), new List<(long At, long Amount)>());
        foreach (var (after, amount) in arrivals)
        {
            now += after;
            window.MoveTo(now);
            if (window.Total + amount <= limit)
            {
                window.Add(amount);
                admitted.Add((now, amount));
            }
        }

        return admitted;
    }
}
