using LlmGateway.Routing.Calls;
using LlmGateway.Routing.Tests.Selection;

namespace LlmGateway.Routing.Tests.Calls;

/// <summary>For how much output money is held.</summary>
public sealed class HoldPlanTests
{
    private const string Messages = "\"messages\":[{\"role\":\"user\",\"content\":\"Hi\"}]";

    [Theory]
    // What the client asks for, what two deployments can do (0: unknown), and what is held.
    [InlineData(50_000, 1000, 8000, 8000)]
    [InlineData(50_000, 1000, 0, 50_000)]
    [InlineData(500, 1000, 0, 500)]
    [InlineData(null, 1000, 8000, 8000)]
    [InlineData(null, 1000, 0, 4096)]
    [InlineData(null, 8000, 0, 8000)]
    public void The_dearest_candidate_bounds_the_output_and_one_whose_maximum_is_unknown_may_be_it(int? asked, int first, int second, long held)
    {
        var call = SelectionCalls.Of(asked is null ? $"{{{Messages}}}" : $"{{\"max_tokens\":{asked},{Messages}}}") with { Stream = false };
        var candidates = new[] { first, second }.Select((maximum, index) =>
            SelectionTests.Of($"d{index}") with { MaxOutputTokens = maximum > 0 ? maximum : null }).ToArray();

        HoldPlan.Request(call, candidates, new BillingOptions()).OutputTokens.ShouldBe(held);
    }
}
