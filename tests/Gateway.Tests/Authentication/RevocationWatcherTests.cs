using LlmGateway.Gateway.Authentication;
using LlmGateway.Protos.Keys.V1;
using LlmGateway.Testing;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;

namespace LlmGateway.Gateway.Tests.Authentication;

public sealed class RevocationWatcherTests : IAsyncLifetime
{
    private const string Secret = "sk-known";
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(10);

    private readonly FakeTime _time = new(TimeProvider.System.GetUtcNow());
    private readonly ScriptedKeys _keys = ScriptedKeys.Start();
    private readonly TestMeters _meters = new();
    private readonly KeyDirectory _directory;
    private readonly RevocationWatcher _watcher;

    public RevocationWatcherTests()
    {
        var options = Options.Create(new AuthOptions { VerifyMilliseconds = 10_000 });
        _directory = new(_keys.Client, new UseLog(16), new KeyDirectoryMetrics(_meters), options, _time, NullLogger<KeyDirectory>.Instance);
        _watcher = new(_directory, _keys.Client, options, new Random(1), _time, NullLogger<RevocationWatcher>.Instance);
    }

    public Task InitializeAsync() => _watcher.StartAsync(CancellationToken.None);

    public async Task DisposeAsync()
    {
        await _watcher.StopAsync(CancellationToken.None);
        _watcher.Dispose();
        _meters.Dispose();
        await _keys.DisposeAsync();
    }

    [Fact]
    public async Task It_begins_with_the_present_and_goes_on_where_the_stream_ended()
    {
        (await _keys.WatchAsync()).HasAfterPosition.ShouldBeFalse();
        _keys.Say(new RevocationsReply { Position = 41, IsCurrent = true });
        _keys.Say(new RevocationsReply { Position = 42 });
        _keys.Hang();

        (await NextWatchAsync()).AfterPosition.ShouldBe(42);
    }

    [Fact]
    public async Task A_stream_that_says_nothing_for_three_seconds_is_dead()
    {
        await _keys.WatchAsync();
        _keys.Say(new RevocationsReply { Position = 7, IsCurrent = true });
        _keys.Position = _ => Task.FromResult(7L);
        await UntilAsync(async () => await AsksAsync() is { Asked: false });

        _time.Advance(TimeSpan.FromSeconds(2.9));
        var next = _keys.WatchAsync();
        _time.Advance(TimeSpan.FromSeconds(0.2));

        await UntilAsync(() =>
        {
            _time.Advance(TimeSpan.FromSeconds(1));
            return Task.FromResult(next.IsCompleted);
        });
        (await next).AfterPosition.ShouldBe(7);
    }

    [Fact]
    public async Task What_changed_while_it_was_away_is_applied_before_anything_is_trusted_again()
    {
        await _keys.WatchAsync();
        _keys.Say(new RevocationsReply { Position = 1, IsCurrent = true });
        _keys.Position = _ => Task.FromResult(1L);
        await UntilAsync(async () => await AsksAsync() is { Asked: false });
        _keys.Hang();

        // It is revoked, and the first thing that the resumed stream says is not that: it is that there is more.
        _keys.Judge = _ => ScriptedKeys.Refused(RefusalReason.Revoked);
        await NextWatchAsync();
        _time.Advance(TimeSpan.FromSeconds(11));
        _keys.Say(new RevocationsReply { Position = 2, Changes = { new Change { KeyId = "another" } } });
        _keys.Say(new RevocationsReply { Position = 3, Changes = { new Change { KeyId = ScriptedKeys.Key(Secret).KeyId } }, IsCurrent = true });

        _keys.Position = _ => Task.FromResult(3L);
        (await AsksAsync()).Verdict.ShouldBe(KeyVerdict.Refused);
    }

    [Fact]
    public async Task A_revocation_takes_effect_as_soon_as_it_is_said()
    {
        await _keys.WatchAsync();
        _keys.Say(new RevocationsReply { Position = 1, IsCurrent = true });
        _keys.Position = _ => Task.FromResult(1L);
        await UntilAsync(async () => await AsksAsync() is { Asked: false });

        _keys.Judge = _ => ScriptedKeys.Refused(RefusalReason.Revoked);
        _keys.Position = _ => Task.FromResult(2L);
        _keys.Say(new RevocationsReply { Position = 2, Changes = { new Change { KeyId = ScriptedKeys.Key(Secret).KeyId } }, IsCurrent = true });

        await UntilAsync(async () => (await AsksAsync()).Verdict == KeyVerdict.Refused);
    }

    // The pause before it is at most a second.
    private async Task<WatchRevocationsRequest> NextWatchAsync()
    {
        var next = _keys.WatchAsync();
        await UntilAsync(() =>
        {
            _time.Advance(TimeSpan.FromMilliseconds(100));
            return Task.FromResult(next.IsCompleted);
        });
        return await next;
    }

    private async Task<(KeyVerdict Verdict, bool Asked)> AsksAsync()
    {
        var before = _keys.CountOf(Secret);
        var finding = _directory.FindAsync(new Presented(Secret, isInternal: false, isToken: false));
        return ((await finding).Verdict, _keys.CountOf(Secret) > before);
    }

    private static async Task UntilAsync(Func<Task<bool>> condition)
    {
        using var limit = new CancellationTokenSource(Limit);
        while (!await condition())
        {
            await Task.Delay(5, limit.Token);
        }
    }
}
