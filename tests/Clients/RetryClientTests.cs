using LlmGateway.FakeProvider;
using LlmGateway.SystemUnderTest;

namespace LlmGateway.Clients.Tests;

/// <summary>Official clients, whose own retries are on, and providers that are down: the gateway's attempts are all that is made.</summary>
[Collection(RunningSystem.Name)]
public sealed class RetryClientTests(RunningSystem system)
{
    private const int Budget = 3;

    [Fact]
    public async Task A_provider_that_is_down_gets_the_gateway_s_attempts_and_no_client_s_on_top()
    {
        (string Case, int Status, int Calls)[] cases =
        [
            ("chat", 502, Budget), ("chat_stream", 502, Budget), ("responses", 502, Budget), ("messages", 502, Budget), ("came_back", 502, 1),
            ("limited", 429, Budget), ("limited_messages", 429, Budget),
        ];
        for (var index = 0; index < cases.Length; index++)
        {
            foreach (var letter in "abcd")
            {
                system.Provider.On($"{GatewaySystem.Down[index]}-{letter}", Script.Error(cases[index].Status == 429 ? 429 : 503));
            }
        }

        var script = await NodeScript.RunAsync("retries.mjs", ("BASE_URL", system.Gateway.ToString().TrimEnd('/')), ("KEY", GatewaySystem.Key));

        for (var index = 0; index < cases.Length; index++)
        {
            var result = script.Result(cases[index].Case);
            (result.GetProperty("requests").GetInt32(), result.GetProperty("shouldRetry").GetString(), result.GetProperty("status").GetInt32())
                .ShouldBe((1, "false", cases[index].Status), cases[index].Case);
            system.Provider.Calls.Count(call => call.Model.StartsWith(GatewaySystem.Down[index], StringComparison.Ordinal)).ShouldBe(cases[index].Calls, cases[index].Case);
        }
    }
}
