using LlmGateway.Gateway.Authentication;
using LlmGateway.Protos.Keys.V1;
using LlmGateway.Testing;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;

namespace LlmGateway.Gateway.Tests.Authentication;

/// <summary>Many at once, through the directory: its two lanes side by side.</summary>
public sealed class VerifyLaneTests : IAsyncLifetime
{
    private readonly FakeTime _time = new(TimeProvider.System.GetUtcNow());
    private readonly ScriptedKeys _keys = ScriptedKeys.Start();
    private readonly TestMeters _meters = new();
    private readonly TaskCompletionSource _gate = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly KeyDirectory _directory;

    public VerifyLaneTests()
    {
        // The gate is held for longer than Keys.Service would be given.
        var options = Options.Create(new AuthOptions { VerifyMilliseconds = 10_000 });
        _directory = new(_keys.Client, new UseLog(16), new KeyDirectoryMetrics(_meters), options, _time, NullLogger<KeyDirectory>.Instance);
        _keys.Judge = presented => presented.Secret.StartsWith("sk-good", StringComparison.Ordinal)
            ? ScriptedKeys.Known(presented.Secret)
            : ScriptedKeys.Refused(RefusalReason.UnknownKey);
    }

    public Task InitializeAsync() => Task.CompletedTask;

    public async Task DisposeAsync()
    {
        _gate.TrySetResult();
        _meters.Dispose();
        await _keys.DisposeAsync();
    }

    [Fact]
    public async Task A_thousand_strangers_share_a_few_calls_and_two_at_a_time()
    {
        var (running, most) = (0, 0);
        var both = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _keys.Position = async _ =>
        {
            most = Math.Max(most, Interlocked.Increment(ref running));
            if (most == VerifyLane.MaxInFlight)
            {
                both.TrySetResult();
            }

            await _gate.Task;
            Interlocked.Decrement(ref running);
            return 0;
        };

        var findings = Strangers(1_000);
        await both.Task.WaitAsync(TimeSpan.FromSeconds(10));
        _gate.SetResult();

        (await Task.WhenAll(findings)).ShouldAllBe(verdict => verdict == KeyVerdict.Refused);
        _keys.Asked.Count.ShouldBeLessThanOrEqualTo(6);
        _keys.Asked.ShouldAllBe(request => request.Secrets.Count <= VerifyLane.MaxBatch);
        _keys.Asked.SelectMany(request => request.Secrets).Select(presented => presented.Secret).ShouldBeUnique();
        most.ShouldBe(VerifyLane.MaxInFlight);
    }

    [Fact]
    public async Task Whoever_asks_about_the_same_secret_shares_its_answer()
    {
        HoldStrangersAndOthers();

        var findings = Enumerable.Range(0, 100).Select(_ => FindAsync("sk-good-shared")).ToList();
        _gate.SetResult();

        (await Task.WhenAll(findings)).ShouldAllBe(verdict => verdict == KeyVerdict.Known);
        _keys.CountOf("sk-good-shared").ShouldBe(1);
    }

    [Fact]
    public async Task More_strangers_than_may_wait_are_told_at_once_that_nobody_can_judge_them()
    {
        HoldStrangersAndOthers();
        var findings = Strangers(VerifyLane.MaxWaiting + VerifyLane.MaxInFlight);

        var oneMore = FindAsync("sk-one-more");

        oneMore.IsCompleted.ShouldBeTrue();
        (await oneMore).ShouldBe(KeyVerdict.Unknowable);
        _gate.SetResult();
        (await Task.WhenAll(findings)).ShouldAllBe(verdict => verdict == KeyVerdict.Refused);
    }

    [Fact]
    public async Task A_flood_of_strangers_does_not_hold_up_known_keys_that_must_be_verified_anew()
    {
        await FindAsync("sk-good");
        _directory.Apply(new RevocationsReply { Changes = { new Change { KeyId = ScriptedKeys.Key("sk-good").KeyId } }, IsCurrent = true }, isResumed: true);
        _keys.Position = async request =>
        {
            await (request.Secrets.Any(presented => presented.Secret == "sk-good") ? Task.CompletedTask : _gate.Task);
            return 0;
        };
        var findings = Strangers(VerifyLane.MaxWaiting);

        (await FindAsync("sk-good").WaitAsync(TimeSpan.FromSeconds(10))).ShouldBe(KeyVerdict.Known);

        findings.ShouldAllBe(finding => !finding.IsCompleted);
        _gate.SetResult();
        await Task.WhenAll(findings);
    }

    [Fact]
    public async Task A_lane_that_gets_no_answer_does_not_silence_the_other()
    {
        await FindAsync("sk-good");
        _keys.IsDown = true;
        (await FindAsync("sk-stranger")).ShouldBe(KeyVerdict.Unknowable);
        _keys.IsDown = false;
        _time.Advance(TimeSpan.FromSeconds(0.5));
        (await FindAsync("sk-stranger")).ShouldBe(KeyVerdict.Unknowable);

        _directory.Apply(new RevocationsReply { Changes = { new Change { Everything = true } } }, isResumed: true);
        (await FindAsync("sk-good")).ShouldBe(KeyVerdict.Known);
    }

    private void HoldStrangersAndOthers() => _keys.Position = async _ =>
    {
        await _gate.Task;
        return 0;
    };

    private List<Task<KeyVerdict>> Strangers(int count) => [.. Enumerable.Range(0, count).Select(number => FindAsync($"sk-stranger-{number}"))];

    private async Task<KeyVerdict> FindAsync(string secret)
    {
        var finding = _directory.FindAsync(new Presented(secret, isInternal: false, isToken: false));
        return (await finding).Verdict;
    }
}
