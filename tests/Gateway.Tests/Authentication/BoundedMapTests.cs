using LlmGateway.Gateway.Authentication;

namespace LlmGateway.Gateway.Tests.Authentication;

public sealed class BoundedMapTests
{
    private readonly BoundedMap<long> _map = new(capacity: 100, static age => age);

    [Fact]
    public void It_never_holds_more_than_it_may_and_forgets_the_oldest_first()
    {
        for (var i = 0; i < 1_000; i++)
        {
            _map.Set(Hash(i), i);
            _map.Count.ShouldBeLessThanOrEqualTo(100);
        }

        _map.TryGet(Hash(999), out _).ShouldBeTrue();
        _map.TryGet(Hash(0), out _).ShouldBeFalse();
    }

    [Fact]
    public void Setting_again_replaces_and_removing_frees()
    {
        _map.Set(Hash(1), 1);
        _map.Set(Hash(1), 2);
        _map.Count.ShouldBe(1);
        _map.TryGet(Hash(1), out var value).ShouldBeTrue();
        value.ShouldBe(2);

        _map.Remove(Hash(1));
        _map.Remove(Hash(1));
        _map.Count.ShouldBe(0);
    }

    [Fact]
    public async Task Writers_at_the_same_time_do_not_overfill_it()
    {
        await Parallel.ForAsync(0, 10_000, (i, _) =>
        {
            _map.Set(Hash(i), i);
            return ValueTask.CompletedTask;
        });

        Enumerable.Range(0, 10_000).Count(i => _map.TryGet(Hash(i), out _)).ShouldBeLessThanOrEqualTo(100);
    }

    private static SecretHash Hash(int number) => SecretHash.Of($"sk-{number}");
}
