using LlmGateway.FakeProvider;
using LlmGateway.Protos.Routing.V1;
using LlmGateway.Routing.Catalog;
using LlmGateway.Routing.Selection;
using LlmGateway.Routing.Tests.Running;
using Microsoft.Extensions.DependencyInjection;

namespace LlmGateway.Routing.Tests.Selection;

/// <summary>What a file says of its deployments, seen from the provider.</summary>
public sealed class CatalogLimitsTests(RoutingFixture fixture) : IClassFixture<RoutingFixture>
{
    [Fact]
    public async Task Limits_retries_and_timeouts_of_the_file_are_kept_to()
    {
        await using var provider = await FakeProviderServer.StartAsync();
        string Entry(string name, string model, string settings) =>
            $"  - {{ model_name: {name}, litellm_params: {{ model: openai/{model}, api_base: \"{provider.BaseUrl}\"{settings} }} }}\n";
        var models = "model_list:\n"
            + Entry("limited", "first", ", rpm: 2, order: 1") + Entry("limited", "second", ", order: 2")
            + Entry("alone", "alone", ", rpm: 1") + Entry("small", "small", ", tpm: 40")
            + Entry("failing", "failing", "") + Entry("silent", "silent", ", timeout: 0.2") + Entry("slow", "slow", ", stream_timeout: 0.2")
            + "router_settings: { num_retries: 0 }\n";
        provider.On("failing", Script.Error(500));
        provider.On("silent", new Script { HeaderDelay = Timeout.InfiniteTimeSpan });
        provider.On("slow", new Script { FirstDelay = Timeout.InfiniteTimeSpan });
        await using var host = await (await RoutingHost.StartAsync(fixture.Billing.Address, models)).ReadyAsync();

        // A deployment over its rpm is passed over, by calls at the same moment too.
        var answers = await Task.WhenAll(Enumerable.Range(0, 5).Select(_ => new TestCall("limited").RunAsync(host)));
        answers.ShouldAllBe(answer => answer.Ended != null);
        provider.CallsOf("first").Count.ShouldBe(2);
        provider.CallsOf("second").Count.ShouldBe(3);

        // Without another one the caller is told when to come back, and no provider is asked.
        (await new TestCall("alone").RunAsync(host)).Ended.ShouldNotBeNull();
        var refused = (await new TestCall("alone").RunAsync(host)).Failed!;
        refused.Failure.ShouldBe(CallFailure.ProviderRateLimited);
        refused.RetryAfterMs.ShouldBeInRange(1_000, 61_000);
        provider.CallsOf("alone").Count.ShouldBe(1);

        // Tokens count as the provider reported them: 3 of output and so many of the prompt.
        provider.On("small", new Script { PromptTokens = 35, CompletionTokens = 5 });
        (await new TestCall("small").RunAsync(host)).Ended.ShouldNotBeNull();
        (await new TestCall("small").RunAsync(host)).Failed!.Failure.ShouldBe(CallFailure.ProviderRateLimited);

        (await new TestCall("failing").RunAsync(host)).Failed!.Attempts.ShouldBe(1);
        provider.CallsOf("failing").Count.ShouldBe(1);
        foreach (var model in new[] { "silent", "slow" })
        {
            (await new TestCall(model).RunAsync(host)).Failed!.Failure.ShouldBe(CallFailure.ProviderTimeout, model);
        }

        var deployment = host.Services.GetRequiredService<CatalogStore>().Current.Find("limited")!.Deployments[0];
        host.Services.GetRequiredService<Traffic>().Of(deployment).Latency(stream: true).Measured.ShouldBeGreaterThan(0);
    }
}
