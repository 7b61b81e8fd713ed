using LlmGateway.Gateway.Calls;
using LlmGateway.Testing;

namespace LlmGateway.Gateway.Tests.Calls;

public sealed class RequestIdTests
{
    [Fact]
    public void It_is_a_ULID_with_a_prefix() =>
        RequestId.New(TimeProvider.System).ShouldMatch("^req_[0-7][0-9A-HJKMNP-TV-Z]{25}$");

    [Fact]
    public void Its_first_ten_characters_are_the_time()
    {
        // The example of the ULID specification.
        var time = new FakeTime(DateTimeOffset.FromUnixTimeMilliseconds(1_469_918_176_385));

        RequestId.New(time).ShouldStartWith("req_01ARYZ6S41");
    }

    [Fact]
    public void Later_ones_sort_after_earlier_ones()
    {
        var time = new FakeTime();
        var earlier = RequestId.New(time);
        time.Advance(TimeSpan.FromMilliseconds(1));

        string.CompareOrdinal(earlier, RequestId.New(time)).ShouldBeLessThan(0);
    }

    [Fact]
    public void No_two_are_equal_even_within_one_millisecond()
    {
        var time = new FakeTime();

        Enumerable.Range(0, 10_000).Select(_ => RequestId.New(time)).Distinct().Count().ShouldBe(10_000);
    }
}
