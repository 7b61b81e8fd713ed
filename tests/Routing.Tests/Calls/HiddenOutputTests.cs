using Google.Protobuf;
using LlmGateway.Protos.Billing.V1;
using LlmGateway.Protos.Routing.V1;
using LlmGateway.Routing.Calls;
using LlmGateway.Routing.Streaming;
using LlmGateway.Routing.Tests.Running;
using LlmGateway.Testing;
using Microsoft.Extensions.Logging.Abstractions;

namespace LlmGateway.Routing.Tests.Calls;

/// <summary>Output that is billed at the end and not shown: the hold grows with it by the clock.</summary>
public sealed class HiddenOutputTests
{
    private readonly FakeTime _time = new();
    private readonly UsageMeter _meter = new(promptBytes: 0, promptExtra: 0);
    private readonly ScriptedBilling _billing;
    private long _most = long.MaxValue;

    public HiddenOutputTests() => _billing = new ScriptedBilling(Answer);

    [Fact]
    public async Task A_model_that_thinks_for_minutes_is_covered_at_its_rate_and_one_that_answers_in_time_costs_no_question()
    {
        var held = await HoldAsync();
        using var over = new CancellationTokenSource();
        await using var growth = new HoldGrowth(held, _billing.Client, new BillingOptions(), _time);
        growth.Watch(new HiddenOutput(_meter, 150, most: 60_000, _time), _ => throw new NotSupportedException(), over.Token);

        _time.Advance(TimeSpan.FromSeconds(27));
        _billing.Asked<ExtendRequest>().ShouldBeEmpty();
        for (var seconds = 28; seconds <= 420; seconds++)
        {
            _time.Advance(TimeSpan.FromSeconds(1));
            await Wait.UntilAsync(() => Task.FromResult(held.OutputTokens >= Math.Min(seconds * 150, 60_000)));
        }

        // It doubles, and ends where the model does.
        _billing.Asked<ExtendRequest>().Count().ShouldBe(4);
        await over.CancelAsync();
    }

    [Fact]
    public async Task Where_the_balance_ends_a_silent_stream_ends_and_not_before()
    {
        _most = 6000;
        var held = await HoldAsync();
        var stopped = new TaskCompletionSource<CallFault>(TaskCreationOptions.RunContinuationsAsynchronously);
        using var over = new CancellationTokenSource();
        await using var growth = new HoldGrowth(held, _billing.Client, new BillingOptions(), _time);
        growth.Watch(new HiddenOutput(_meter, 150, most: long.MaxValue, _time), Stop, over.Token);

        _time.Advance(TimeSpan.FromSeconds(28));
        await Wait.UntilAsync(() => Task.FromResult(held.OutputTokens == 6000));
        _time.Advance(TimeSpan.FromSeconds(11));
        stopped.Task.IsCompleted.ShouldBeFalse();
        while (!stopped.Task.IsCompleted && _time.GetUtcNow() < new FakeTime().GetUtcNow() + TimeSpan.FromSeconds(60))
        {
            _time.Advance(TimeSpan.FromSeconds(1));
            await Task.WhenAny(stopped.Task, Task.Delay(100));
        }

        (await stopped.Task).Failure.ShouldBe(CallFailure.InsufficientBalance);

        Task Stop(CallFault fault)
        {
            stopped.SetResult(fault);
            return Task.CompletedTask;
        }
    }

    [Fact]
    public void Silences_count_pauses_within_a_second_do_not_and_a_usage_says_how_much_it_was()
    {
        var hidden = new HiddenOutput(_meter, 150, most: long.MaxValue, _time);

        Say(afterSeconds: 20);
        hidden.Produced.ShouldBe(3001);
        Say(afterSeconds: 1);
        hidden.Produced.ShouldBe(3002);
        Say(afterSeconds: 2);
        hidden.Produced.ShouldBe(3303);
        _meter.Report(new ReportedUsage(Prompt: 5, Output: 500, Cached: 0, CacheWrite: 0, Reasoning: 490));
        Say(afterSeconds: 0);
        hidden.Produced.ShouldBe(500);
        _time.Advance(TimeSpan.FromSeconds(10));
        (hidden.Produced, hidden.ProducedNow).ShouldBe((500, 2000));
        hidden.Until(3500).ShouldBe(TimeSpan.FromSeconds(10));

        void Say(int afterSeconds)
        {
            _time.Advance(TimeSpan.FromSeconds(afterSeconds));
            _meter.Content(4);
            hidden.Read();
        }
    }

    private async Task<HeldCall> HoldAsync()
    {
        var watch = new BillingWatch(_billing.Client, _time, NullLogger<BillingWatch>.Instance);
        var (held, _) = await HeldCall.AcquireAsync(
            _billing.Client, watch, new HoldRequest { RequestId = "req_1", OutputTokens = 4096 }, new BillingOptions(), _time);
        return held.ShouldNotBeNull();
    }

    private HoldReply Answer(IMessage request) => request switch
    {
        HoldRequest hold => new HoldReply { Hold = new() { OutputTokens = hold.OutputTokens } },
        ExtendRequest extend when extend.OutputTokens <= _most => new HoldReply { Hold = new() { OutputTokens = extend.OutputTokens } },
        ExtendRequest => new HoldReply { Refusal = new() { Reason = RefusalReason.InsufficientBalance, PossibleOutputTokens = _most } },
        _ => throw new NotSupportedException(),
    };
}
