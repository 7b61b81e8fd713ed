using System.Diagnostics;
using System.Net;
using LlmGateway.FakeProvider;
using LlmGateway.SystemUnderTest;

namespace LlmGateway.Functional.Tests.Shutdown;

/// <summary>SIGTERM in the middle of a stream that does not end in its second.</summary>
[Collection(KeysSystem.Name)]
public sealed class ShutdownTests(KeysSystem running)
{
    [Theory]
    [InlineData("gateway2", "shutting_down")]
    [InlineData("routing", "no_available_provider")]
    public async Task A_stream_gets_its_time_then_an_error_without_a_terminator_and_is_settled(string resource, string code)
    {
        var key = await Administrator.IssueKeyAsync(running.System, $"stop-{Guid.NewGuid().ToString()[..8]}");
        using var client = running.System.Client(key, "gateway2");
        using var other = running.System.Client(key);
        var before = await Balance.OfAsync(other);
        var (middle, second) = (new Gate(), new Gate());
        running.System.Provider.On(GatewaySystem.ToolsModel, new Script { MiddleGate = middle }, new Script { MiddleGate = second }, new Script());
        var (running1, running2) = (new ChatCall(client, GatewaySystem.ToolsModel), new ChatCall(client, GatewaySystem.ToolsModel));
        var inTime = running1.StreamAsync();
        await middle.ReachedAsync();
        var late = running2.StreamAsync();
        await second.ReachedAsync();
        await Task.WhenAll(running1.FirstContent, running2.FirstContent);

        var began = Stopwatch.GetTimestamp();
        var stopping = running.System.StopAsync(resource);
        middle.Open();
        var (ended, broken) = (await inTime, await late);
        await stopping;
        var took = Stopwatch.GetElapsedTime(began);
        second.Open();

        (ended.Ended, ended.Cut).ShouldBe((true, false));
        (broken.Status, broken.ErrorCode, broken.Ended, broken.Cut).ShouldBe((HttpStatusCode.OK, code, false, true));
        took.ShouldBeLessThan(TimeSpan.FromSeconds(8), "else it was killed");
        (await Balance.WithoutHoldsAsync(other, TimeSpan.FromSeconds(10))).Total.ShouldBeLessThan(before.Total - ended.Cost, "both produced something");
        await running.StartAgainAsync(resource);
    }
}
