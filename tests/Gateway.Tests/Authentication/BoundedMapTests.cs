using LlmGateway.Gateway.Authentication;

namespace LlmGateway.Gateway.Tests.Authentication;

public sealed class BoundedMapTests
{
    private readonly BoundedMap<SecretHash, string> _map = new(capacity: 100);

    [Fact]
    public void It_never_holds_more_than_it_may_and_forgets_what_was_not_used_for_longest()
    {
        for (var i = 0; i < 1_000; i++)
        {
            _map.Set(Hash(i), $"{i}");
            _map.Count.ShouldBeLessThanOrEqualTo(100);
        }

        Held(1_000).ShouldBe(Enumerable.Range(950, 50), "the last half at least");
    }

    [Fact]
    public void What_is_read_stays_however_much_is_written()
    {
        _map.Set(Hash(-1), "in use");
        for (var i = 0; i < 10_000; i++)
        {
            _map.Set(Hash(i), $"{i}");
            if (i % 40 == 0)
            {
                _map.TryGet(Hash(-1), out var value).ShouldBeTrue();
                value.ShouldBe("in use");
            }
        }
    }

    [Fact]
    public void Setting_again_replaces_and_removing_frees()
    {
        _map.Set(Hash(1), "one");
        _map.Set(Hash(1), "two");
        _map.Count.ShouldBe(1);
        _map.TryGet(Hash(1), out var value).ShouldBeTrue();
        value.ShouldBe("two");

        _map.Remove(Hash(1));
        _map.Remove(Hash(1));
        _map.Count.ShouldBe(0);
        _map.TryGet(Hash(1), out _).ShouldBeFalse();
    }

    [Fact]
    public void An_older_value_does_not_come_back_when_the_younger_one_is_removed()
    {
        _map.Set(Hash(-1), "older");
        for (var i = 0; i < 50; i++)
        {
            _map.Set(Hash(i), $"{i}");
        }

        _map.Set(Hash(-1), "younger");
        _map.Remove(Hash(-1));

        _map.TryGet(Hash(-1), out _).ShouldBeFalse();
    }

    [Fact]
    public void Every_value_is_visited_in_whichever_generation_it_is()
    {
        for (var i = 0; i < 80; i++)
        {
            _map.Set(Hash(i), $"{i}");
        }

        _map.TryGet(Hash(3), out _).ShouldBeTrue();
        HashSet<string> visited = [];
        _map.ForEach(value => visited.Add(value));

        visited.ShouldBe(Enumerable.Range(0, 80).Select(i => $"{i}"), ignoreOrder: true);
    }

    [Fact]
    public void Cleared_it_is_empty()
    {
        _map.Set(Hash(1), "one");
        _map.Clear();

        _map.Count.ShouldBe(0);
        _map.TryGet(Hash(1), out _).ShouldBeFalse();
    }

    [Fact]
    public async Task Writers_at_the_same_time_do_not_overfill_it()
    {
        await Parallel.ForAsync(0, 10_000, (i, _) =>
        {
            _map.Set(Hash(i), $"{i}");
            _map.TryGet(Hash(i / 2), out var _);
            return ValueTask.CompletedTask;
        });

        _map.Count.ShouldBeLessThanOrEqualTo(100);
    }

    private static SecretHash Hash(int number) => SecretHash.Of($"sk-{number}");

    private IEnumerable<int> Held(int count)
    {
        List<int> held = [];
        _map.ForEach(value => held.Add(int.Parse(value, System.Globalization.CultureInfo.InvariantCulture)));
        return held.Where(number => number < count).Order().TakeLast(50);
    }
}
