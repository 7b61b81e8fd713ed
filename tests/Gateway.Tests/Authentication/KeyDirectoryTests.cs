using Google.Protobuf.WellKnownTypes;
using LlmGateway.Gateway.Authentication;
using LlmGateway.Protos.Keys.V1;
using LlmGateway.Testing;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;

namespace LlmGateway.Gateway.Tests.Authentication;

public sealed class KeyDirectoryTests : IAsyncLifetime
{
    private const string Secret = "sk-known";

    // Deadlines are measured on the real clock, so the fake one starts there, and they are long: it stands still meanwhile.
    private readonly FakeTime _time = new(TimeProvider.System.GetUtcNow());
    private readonly ScriptedKeys _keys = ScriptedKeys.Start();
    private readonly TestMeters _meters = new();
    private readonly KeyDirectory _directory;

    public KeyDirectoryTests()
    {
        var metrics = new KeyDirectoryMetrics(_meters);
        _directory = new(_keys.Client, new UseLog(16), metrics, Options.Create(new AuthOptions { VerifyMilliseconds = 10_000 }), _time, NullLogger<KeyDirectory>.Instance);
    }

    public Task InitializeAsync() => Task.CompletedTask;

    public async Task DisposeAsync()
    {
        _meters.Dispose();
        await _keys.DisposeAsync();
    }

    [Fact]
    public async Task A_key_that_nobody_can_judge_is_neither_known_nor_refused()
    {
        _keys.IsDown = true;

        (await FindAsync("sk-never-seen")).ShouldBe(KeyVerdict.Unknowable);
        (await FindAsync("sk-never-seen")).ShouldBe(KeyVerdict.Unknowable);
    }

    [Fact]
    public async Task A_key_that_its_issuer_cannot_judge_now_is_not_refused_and_asked_about_again()
    {
        _keys.Judge = _ => ScriptedKeys.Refused(RefusalReason.Unavailable);
        (await FindAsync(Secret)).ShouldBe(KeyVerdict.Unknowable);

        _keys.Judge = presented => ScriptedKeys.Known(presented.Secret);
        (await FindAsync(Secret)).ShouldBe(KeyVerdict.Known);
    }

    [Fact]
    public async Task Without_the_stream_a_key_is_verified_anew_after_ten_seconds()
    {
        await FindAsync(Secret);
        _time.Advance(TimeSpan.FromSeconds(9.9));
        await FindAsync(Secret);
        _keys.CountOf(Secret).ShouldBe(1);

        _time.Advance(TimeSpan.FromSeconds(0.2));
        (await FindAsync(Secret)).ShouldBe(KeyVerdict.Known);
        _keys.CountOf(Secret).ShouldBe(2);
    }

    [Fact]
    public async Task While_the_stream_is_current_nobody_is_asked_again()
    {
        Current(position: 0, isResumed: false);
        await FindAsync(Secret);

        for (var second = 0; second < 100; second++)
        {
            _time.Advance(TimeSpan.FromSeconds(1));
            Current(position: 0);
            (await FindAsync(Secret)).ShouldBe(KeyVerdict.Known);
        }

        _keys.CountOf(Secret).ShouldBe(1);
    }

    [Fact]
    public async Task A_stream_that_says_there_is_more_to_come_vouches_for_nothing()
    {
        await FindAsync(Secret);
        _time.Advance(TimeSpan.FromSeconds(9));
        _directory.Apply(new RevocationsReply { Position = 0 }, isResumed: true);
        _time.Advance(TimeSpan.FromSeconds(2));

        await FindAsync(Secret);

        _keys.CountOf(Secret).ShouldBe(2);
    }

    [Fact]
    public async Task While_Keys_is_down_a_key_goes_on_for_five_minutes_after_it_was_last_vouched_for()
    {
        await FindAsync(Secret);
        Current(position: 0);
        _keys.IsDown = true;

        foreach (var seconds in new[] { 0, 9, 2, 100, 188 })
        {
            _time.Advance(TimeSpan.FromSeconds(seconds));
            (await FindAsync(Secret)).ShouldBe(KeyVerdict.Known);
        }

        _time.Advance(TimeSpan.FromSeconds(2));
        (await FindAsync(Secret)).ShouldBe(KeyVerdict.Unknowable);
    }

    [Fact]
    public async Task A_silent_Keys_holds_known_keys_up_once_for_a_tenth_of_a_second_and_what_it_says_later_counts()
    {
        await FindAsync(Secret);
        _time.Advance(TimeSpan.FromSeconds(10.1));
        var answer = new TaskCompletionSource<long>();
        _keys.Position = _ => answer.Task;
        _keys.Judge = _ => ScriptedKeys.Refused(RefusalReason.Revoked);

        var first = FindAsync(Secret);
        _time.Advance(TimeSpan.FromSeconds(0.06));
        var second = FindAsync(Secret);
        (first.IsCompleted, second.IsCompleted).ShouldBe((false, false));
        _time.Advance(TimeSpan.FromSeconds(0.05));
        (await first, await second).ShouldBe((KeyVerdict.Known, KeyVerdict.Known));

        // The clock stands still: who comes now does not wait.
        (await FindAsync(Secret).WaitAsync(TimeSpan.FromSeconds(30))).ShouldBe(KeyVerdict.Known);
        answer.SetResult(0);
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        while (await FindAsync(Secret) != KeyVerdict.Refused)
        {
            await Task.Delay(TimeSpan.FromMilliseconds(5), limit.Token);
        }

        _keys.CountOf(Secret).ShouldBe(2);
    }

    [Fact]
    public async Task While_Keys_is_down_it_is_asked_once_a_second_and_nobody_else_waits()
    {
        _keys.IsDown = true;
        await FindAsync("sk-first");
        var asked = _keys.Asked.Count;

        await Task.WhenAll(Enumerable.Range(0, 50).Select(number => FindAsync($"sk-{number}")));
        _keys.Asked.Count.ShouldBe(asked);

        _time.Advance(TimeSpan.FromSeconds(1.1));
        await Task.WhenAll(Enumerable.Range(0, 50).Select(number => FindAsync($"sk-{number}")));
        _keys.Asked.Skip(asked).SelectMany(request => request.Secrets).Distinct().Count().ShouldBe(1);
    }

    [Theory]
    [InlineData("key", false)]
    [InlineData("account", false)]
    [InlineData("tariff", false)]
    [InlineData("everything", false)]
    [InlineData("another key", true)]
    [InlineData("another account", true)]
    public async Task A_change_takes_the_trust_from_whom_it_concerns_also_while_Keys_is_down(string what, bool goesOn)
    {
        await FindAsync(Secret);
        Current(position: 0);
        _keys.IsDown = true;

        Current(position: 1, changes: what switch
        {
            "key" => new Change { KeyId = ScriptedKeys.Key(Secret).KeyId },
            "account" => new Change { AccountId = "a" },
            "tariff" => new Change { TariffId = "t" },
            "everything" => new Change { Everything = true },
            "another key" => new Change { KeyId = "other" },
            _ => new Change { AccountId = "other" },
        });

        (await FindAsync(Secret)).ShouldBe(goesOn ? KeyVerdict.Known : KeyVerdict.Unknowable);
    }

    [Theory]
    [InlineData(true, true)]
    [InlineData(false, false)]
    public async Task A_stream_that_may_have_missed_something_takes_the_trust_from_all(bool isResumed, bool reset)
    {
        await FindAsync(Secret);
        _keys.IsDown = true;

        _directory.Apply(new RevocationsReply { Position = 7, IsCurrent = true, Reset = reset }, isResumed);

        (await FindAsync(Secret)).ShouldBe(KeyVerdict.Unknowable);
    }

    [Fact]
    public async Task An_expired_key_is_refused_from_memory_while_Keys_is_down()
    {
        _keys.Judge = presented => new() { Key = With(presented, key => key.ExpiresIn = Duration.FromTimeSpan(TimeSpan.FromSeconds(5))) };
        await FindAsync(Secret);
        _keys.IsDown = true;

        _time.Advance(TimeSpan.FromSeconds(4.9));
        (await FindAsync(Secret)).ShouldBe(KeyVerdict.Known);
        _time.Advance(TimeSpan.FromSeconds(0.1));
        var lookup = await _directory.FindAsync(new Presented(Secret, isInternal: false, isToken: false));

        lookup.ShouldBe(new KeyLookup(KeyVerdict.Refused, Reason: RefusalReason.Expired));
    }

    [Fact]
    public async Task A_key_that_a_tariff_changes_is_verified_then_and_works_on_while_Keys_is_down()
    {
        _keys.Judge = presented => new() { Key = With(presented, key => key.ChangesIn = Duration.FromTimeSpan(TimeSpan.FromSeconds(5))) };
        await FindAsync(Secret);
        _time.Advance(TimeSpan.FromSeconds(5));
        await FindAsync(Secret);
        _keys.CountOf(Secret).ShouldBe(2);

        _keys.IsDown = true;
        _time.Advance(TimeSpan.FromSeconds(5));
        (await FindAsync(Secret)).ShouldBe(KeyVerdict.Known);
    }

    [Fact]
    public async Task An_answer_from_before_a_change_that_has_been_applied_is_asked_for_again()
    {
        var (asked, change) = (new TaskCompletionSource(), new TaskCompletionSource());
        _keys.Position = async _ =>
        {
            asked.TrySetResult();
            await change.Task;
            return _keys.Asked.Count == 1 ? 5 : 6;
        };
        _keys.Judge = presented => _keys.Asked.Count == 1 ? ScriptedKeys.Known(presented.Secret) : ScriptedKeys.Refused(RefusalReason.Revoked);

        var finding = FindAsync(Secret);
        await asked.Task;
        Current(position: 6, changes: new Change { KeyId = ScriptedKeys.Key(Secret).KeyId });
        change.SetResult();

        (await finding).ShouldBe(KeyVerdict.Refused);
        (await FindAsync(Secret)).ShouldBe(KeyVerdict.Refused);
        _keys.CountOf(Secret).ShouldBe(2);
    }

    [Fact]
    public async Task An_answer_that_always_lags_behind_is_used_after_three_questions_and_not_remembered()
    {
        Current(position: 6);

        (await FindAsync(Secret)).ShouldBe(KeyVerdict.Known);
        _keys.CountOf(Secret).ShouldBe(3);

        _keys.IsDown = true;
        (await FindAsync(Secret)).ShouldBe(KeyVerdict.Unknowable);
    }

    [Fact]
    public async Task A_refusal_from_before_a_change_is_not_remembered()
    {
        Current(position: 6);
        _keys.Judge = _ => ScriptedKeys.Refused(RefusalReason.UnknownKey);

        (await FindAsync(Secret)).ShouldBe(KeyVerdict.Refused);

        _keys.Position = _ => Task.FromResult(6L);
        _keys.Judge = presented => ScriptedKeys.Known(presented.Secret);
        (await FindAsync(Secret)).ShouldBe(KeyVerdict.Known);
    }

    // Either order of storing and looking is right; that both miss each other is not.
    [Fact]
    public async Task A_change_and_an_older_answer_at_the_same_moment_never_leave_a_trusted_key()
    {
        _keys.IsDown = true;
        using var together = new Barrier(2);
        for (var position = 1; position <= 3_000; position++)
        {
            var hash = SecretHash.Of(Secret);
            var (before, after) = (position - 1, position);
            var storing = Task.Factory.StartNew(
                () => Aligned(() => _directory.Remember(hash, ScriptedKeys.Key(Secret), before)),
                CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
            Aligned(() => Current(after, changes: new Change { KeyId = ScriptedKeys.Key(Secret).KeyId }));
            await storing;

            (await FindAsync(Secret)).ShouldBe(KeyVerdict.Unknowable, $"round {position}");
        }

        void Aligned(Action action)
        {
            together.SignalAndWait();
            action();
        }
    }

    [Fact]
    public async Task A_refused_secret_is_refused_unasked_for_three_seconds_or_until_something_changes()
    {
        _keys.Judge = _ => ScriptedKeys.Refused(RefusalReason.UnknownKey);
        await FindAsync(Secret);
        _time.Advance(TimeSpan.FromSeconds(2.9));
        (await FindAsync(Secret)).ShouldBe(KeyVerdict.Refused);
        _keys.CountOf(Secret).ShouldBe(1);

        _time.Advance(TimeSpan.FromSeconds(0.2));
        await FindAsync(Secret);
        _keys.CountOf(Secret).ShouldBe(2);

        _keys.Position = _ => Task.FromResult(1L);
        Current(position: 1, changes: new Change { KeyId = "new" });
        await FindAsync(Secret);
        _keys.CountOf(Secret).ShouldBe(3);
    }

    [Fact]
    public async Task A_key_refused_when_verified_anew_is_gone()
    {
        await FindAsync(Secret);
        _keys.Judge = _ => ScriptedKeys.Refused(RefusalReason.Revoked);
        _time.Advance(TimeSpan.FromSeconds(11));
        (await FindAsync(Secret)).ShouldBe(KeyVerdict.Refused);

        _keys.IsDown = true;
        _time.Advance(TimeSpan.FromSeconds(4));
        (await FindAsync(Secret)).ShouldBe(KeyVerdict.Unknowable);
    }

    [Fact]
    public async Task The_same_text_in_another_header_is_another_secret()
    {
        _keys.Judge = presented => presented.Internal ? ScriptedKeys.Known(presented.Secret) : ScriptedKeys.Refused(RefusalReason.UnknownKey);

        (await FindAsync(Secret)).ShouldBe(KeyVerdict.Refused);
        (await FindAsync(Secret, isInternal: true)).ShouldBe(KeyVerdict.Known);
        (await FindAsync(Secret)).ShouldBe(KeyVerdict.Refused);
        (await FindAsync("sk-knowN", isInternal: true)).ShouldBe(KeyVerdict.Known);
        _keys.CountOf(Secret).ShouldBe(2);
    }

    [Fact]
    public async Task A_known_key_costs_no_allocation()
    {
        Current(position: 0, isResumed: false);
        await FindAsync(Secret);
        Find(1_000);

        var before = GC.GetAllocatedBytesForCurrentThread();
        Find(1_000);

        (GC.GetAllocatedBytesForCurrentThread() - before).ShouldBe(0);

        void Find(int times)
        {
            for (var i = 0; i < times; i++)
            {
                var finding = _directory.FindAsync(new Presented(Secret, isInternal: false, isToken: false));
                if (!finding.IsCompletedSuccessfully || finding.Result.Key is null)
                {
                    throw new InvalidOperationException("The key is not known.");
                }
            }
        }
    }

    private static VerifiedKey With(PresentedSecret presented, Action<VerifiedKey> change)
    {
        var key = ScriptedKeys.Key(presented.Secret);
        change(key);
        return key;
    }

    private async Task<KeyVerdict> FindAsync(string secret, bool isInternal = false)
    {
        var finding = _directory.FindAsync(new Presented(secret, isInternal, isToken: false));
        return (await finding).Verdict;
    }

    private void Current(long position, bool isResumed = true, params Change[] changes) =>
        _directory.Apply(new RevocationsReply { Position = position, IsCurrent = true, Changes = { changes } }, isResumed);
}
