using LlmGateway.FakeProvider;
using LlmGateway.Routing.Calls;
using LlmGateway.Routing.Tests.Running;
using Microsoft.Extensions.DependencyInjection;

namespace LlmGateway.Routing.Tests.Calls;

/// <summary>What becomes of an answer whose client left: cancel, drain, and drain up to so many seconds, so much money, so many at once (R23).</summary>
public sealed class DrainTests(RoutingFixture fixture) : IClassFixture<RoutingFixture>
{
    private const string Provider = "Disconnect:Providers:openai_compatible:";

    [Fact]
    public async Task A_drained_answer_is_charged_by_the_providers_own_figures()
    {
        await using var host = await StartAsync((Provider + "Mode", "Drain"));
        var (model, gate) = (fixture.NextModel(), new Gate());
        fixture.Provider.On(model, new Script { Chunks = 40, PromptTokens = 12, CompletionTokens = 777, MiddleGate = gate });

        var call = await LeaveAsync(host, model, gate);

        (await ChargeAsync(call)).ShouldBe(RoutingFixture.Cost(12, 777));
        fixture.Provider.CallsOf(model).Single().Completed.ShouldBeTrue();
        await Wait.UntilAsync(() => Task.FromResult(host.Services.GetRequiredService<Drains>().Running == 0));
    }

    [Fact]
    public async Task A_plain_answer_and_one_without_content_yet_are_drained_too()
    {
        await using var host = await StartAsync(("Disconnect:Mode", "Drain"));
        foreach (var stream in (bool[])[true, false])
        {
            var (model, gate) = (fixture.NextModel(), new Gate());
            fixture.Provider.On(model, new Script { PromptTokens = 12, CompletionTokens = 50, Gate = gate });
            var call = new TestCall(model) { Stream = stream };
            using (host.Client.Complete(call.ToRequest(), deadline: TestCall.Deadline))
            {
                await gate.ReachedAsync();
            }

            await Wait.UntilAsync(() => Task.FromResult(host.Services.GetRequiredService<Drains>().Running == 1));
            gate.Open();

            (await ChargeAsync(call)).ShouldBe(RoutingFixture.Cost(12, 50));
        }
    }

    [Theory]
    [InlineData("Mode", "Cancel")]
    [InlineData("MaxTime", "00:00:00.300")]
    [InlineData("MaxUsd", "0.0001")]
    public async Task A_drain_ends_at_its_limits_and_what_was_produced_is_charged(string setting, string value)
    {
        await using var host = await StartAsync((Provider + "Mode", "Drain"), (Provider + setting, value));
        var (model, gate) = (fixture.NextModel(), new Gate());
        fixture.Provider.On(model, new Script { Chunks = 100_000, ChunkDelay = TimeSpan.FromMilliseconds(5), MiddleGate = gate });

        var call = await LeaveAsync(host, model, gate);

        var charged = await ChargeAsync(call);
        await fixture.Provider.EndedAsync(model);
        var provided = fixture.Provider.CallsOf(model).Single();
        provided.LeftByClient.ShouldBeTrue();
        charged.ShouldBeInRange(RoutingFixture.Cost(5, 1), RoutingFixture.Cost(20, 2 * provided.CompletionTokens));
        if (setting == "MaxUsd")
        {
            charged.ShouldBeLessThan(200_000);
        }
    }

    [Fact]
    public async Task No_more_than_so_many_are_drained_at_once()
    {
        await using var host = await StartAsync(("Disconnect:Mode", "Drain"), ("Disconnect:MaxAtOnce", "2"));
        var (model, gate) = (fixture.NextModel(), new Gate());
        fixture.Provider.On(model, new Script { PromptTokens = 12, CompletionTokens = 50, Gate = gate });
        for (var calls = 1; calls <= 3; calls++)
        {
            using (host.Client.Complete(new TestCall(model).ToRequest(), deadline: TestCall.Deadline))
            {
                await gate.ReachedAsync(calls);
            }
        }

        await fixture.Provider.EndedAsync(model);
        host.Services.GetRequiredService<Drains>().Running.ShouldBe(2);
        gate.Open();
        await fixture.Provider.EndedAsync(model, calls: 3);
        fixture.Provider.CallsOf(model).Count(call => call.Completed).ShouldBe(2);
    }

    [Fact]
    public async Task A_wrong_policy_stops_the_start_and_is_named()
    {
        var stopped = await Should.ThrowAsync<Exception>(StartAsync((Provider + "MaxUsd", "-1"), ("Disconnect:MaxAtOnce", "-1")));

        stopped.Message.ShouldContain("Disconnect:Providers:openai_compatible: ");
        stopped.Message.ShouldContain("MaxUsd");
        stopped.Message.ShouldContain("MaxAtOnce");
    }

    private async Task<RoutingHost> StartAsync(params (string, string)[] settings) =>
        await (await RoutingHost.StartAsync(fixture.Billing.Address, RoutingFixture.Models(fixture.Provider.BaseUrl), database: null, settings)).ReadyAsync();

    /// <summary>A client that leaves after the first content, before the provider goes on.</summary>
    private static async Task<TestCall> LeaveAsync(RoutingHost host, string model, Gate gate)
    {
        var call = new TestCall(model);
        var received = 0;
        using (var stream = host.Client.Complete(call.ToRequest(), deadline: TestCall.Deadline))
        {
            while (received < 2 && await stream.ResponseStream.MoveNext(CancellationToken.None))
            {
                received += stream.ResponseStream.Current.Chunk?.Events.Count ?? 0;
            }
        }

        await gate.ReachedAsync();
        gate.Open();
        return call;
    }

    private async Task<long> ChargeAsync(TestCall call)
    {
        await Wait.UntilAsync(async () => (await fixture.Billing.ChargesAsync(call.Account)).Count == 1);
        return -(await fixture.Billing.ChargesAsync(call.Account))[0].AmountNanoUsd;
    }
}
