using LlmGateway.FakeProvider;
using LlmGateway.Protos.Routing.V1;
using LlmGateway.Routing.Tests.Running;

namespace LlmGateway.Routing.Tests.Calls;

/// <summary>A provider that is silent, at each place where it can be.</summary>
public sealed class TimerTests : IAsyncLifetime
{
    private BillingProcess _billing = null!;
    private FakeProviderServer _provider = null!;
    private RoutingHost _host = null!;

    public async Task InitializeAsync()
    {
        _billing = await BillingProcess.SharedAsync();
        _provider = await FakeProviderServer.StartAsync();
        _host = await (await RoutingHost.StartAsync(_billing.Address, RoutingFixture.Models(_provider.BaseUrl), database: null,
            ("Calls:ConnectTimeout", "00:00:01.500"), ("Calls:FirstByteTimeout", "00:00:01.500"), ("Calls:PlainFirstByteTimeout", "00:00:01.600"),
            ("Calls:GapTimeout", "00:00:01.700"), ("Calls:TotalTimeout", "00:00:06"))).ReadyAsync();
    }

    public async Task DisposeAsync()
    {
        await _host.DisposeAsync();
        await _provider.DisposeAsync();
    }

    [Fact]
    public async Task Silence_at_any_place_ends_the_call_by_the_timer_of_that_place()
    {
        _provider.On("one-1", Script.ForModel("fake-silent"));
        _provider.On("one-2", new Script { FirstDelay = Timeout.InfiniteTimeSpan });
        _provider.On("one-3", new Script { Ending = Ending.Stall, Chunks = 6, EndAfter = 3 });
        _provider.On("one-4", new Script { Chunks = 100_000, ChunkDelay = TimeSpan.FromMilliseconds(50) });

        await Task.WhenAll(
            ShouldTimeOutAsync("one-1", stream: true, "F", "openai_compatible sent nothing for 1.5 s."),
            ShouldTimeOutAsync("one-1", stream: false, "F", "openai_compatible sent nothing for 1.6 s."),
            ShouldTimeOutAsync("one-2", stream: true, "F", "openai_compatible sent nothing for 1.5 s."),
            ShouldTimeOutAsync("one-3", stream: true, "Sc+F", "openai_compatible fell silent for 1.7 s."),
            ShouldTimeOutAsync("one-3", stream: false, "F", "openai_compatible fell silent for 1.7 s."),
            ShouldTimeOutAsync("one-4", stream: true, "Sc+F", "The call took longer than 6 s."));
    }

    [Fact]
    public async Task A_model_that_thinks_long_and_says_so_in_comments_is_waited_for()
    {
        _provider.On("one-5", new Script
        {
            FirstDelay = TimeSpan.FromSeconds(2.2),
            ChunkDelay = TimeSpan.FromSeconds(2.2),
            Chunks = 2,
            KeepAlive = TimeSpan.FromSeconds(0.3),
        });

        (await new TestCall("one-5").RunAsync(_host)).Ended.ShouldNotBeNull();
    }

    [Fact]
    public async Task A_silent_deployment_is_left_for_the_next_one()
    {
        _provider.On("three-1-a", Script.ForModel("fake-silent"));

        var answer = await new TestCall("three-1").RunAsync(_host);

        answer.Ended!.Attempts.ShouldBe(2);
        await _provider.EndedAsync("three-1-a");
        _provider.CallsOf("three-1-a").Single().LeftByClient.ShouldBeTrue();
    }

    private async Task ShouldTimeOutAsync(string model, bool stream, string kinds, string message)
    {
        var call = new TestCall(model) { Stream = stream };

        var answer = await call.RunAsync(_host);

        answer.Kinds.ShouldMatch($"^{kinds}$");
        (answer.Failed!.Failure, answer.Failed.Message).ShouldBe((CallFailure.ProviderTimeout, message));
        (await _billing.BalanceAsync(call.Account)).Held.ShouldBe(0);
    }
}
