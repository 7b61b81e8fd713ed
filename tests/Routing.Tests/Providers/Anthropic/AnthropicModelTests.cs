using LlmGateway.Routing.Providers.Anthropic;

namespace LlmGateway.Routing.Tests.Providers.Anthropic;

public sealed class AnthropicModelTests
{
    [Theory]
    [InlineData("claude-2.1", 4096, true, "None", true, true, false)]
    [InlineData("claude-3-haiku-20240307", 4096, true, "None", true, true, false)]
    [InlineData("claude-3-5-sonnet-20241022", 8192, true, "None", true, true, false)]
    [InlineData("claude-3-7-sonnet-20250219", 64000, true, "Budget", true, true, false)]
    [InlineData("claude-opus-4-20250514", 32000, true, "Budget", true, true, false)]
    [InlineData("claude-opus-4-1-20250805", 32000, true, "Budget", true, true, true)]
    [InlineData("claude-sonnet-4-20250514", 64000, true, "Budget", true, true, false)]
    [InlineData("claude-haiku-4-5", 64000, true, "Budget", true, true, true)]
    [InlineData("claude-sonnet-4-6", 128000, true, "Adaptive", true, false, true)]
    [InlineData("claude-opus-4-7", 128000, false, "Adaptive", true, false, true)]
    [InlineData("claude-sonnet-5", 128000, false, "Adaptive", true, false, true)]
    [InlineData("claude-fable-5", 128000, false, "Adaptive", true, false, true)]
    [InlineData("claude-fable-5-1", 128000, false, "Adaptive", false, false, true)]
    [InlineData("claude-opus-5-5", 128000, false, "Adaptive", false, false, true)]
    [InlineData("claude-haiku-5-5", 128000, false, "Adaptive", true, false, true)]
    [InlineData("claude-opus-6-20280101", 128000, false, "Adaptive", false, false, true)]
    [InlineData("claude-sonnet-latest", 128000, false, "Adaptive", false, false, true)]
    [InlineData("something-4-1", 128000, false, "Adaptive", false, false, true)]
    public void A_name_says_what_the_model_can_do(string name, long most, bool sampling, string thinking, bool forced, bool prefill, bool format)
    {
        var model = AnthropicModel.Of(name);

        (model.MaxOutputTokens, model.TakesSampling, model.Thinking.ToString()).ShouldBe((most, sampling, thinking));
        (model.TakesForcedTools, model.TakesPrefill, model.TakesOutputFormat).ShouldBe((forced, prefill, format));
    }

    [Theory]
    [InlineData("claude-opus-5", true, false)]
    [InlineData("claude-fable-5", false, false)]
    [InlineData("claude-sonnet-5-5", false, true)]
    [InlineData("claude-opus-5-5", false, false)]
    [InlineData("claude-haiku-5-5", true, false)]
    public void The_newest_cannot_help_thinking(string name, bool mayDisable, bool betweenTools)
    {
        var model = AnthropicModel.Of(name);

        (model.MayDisableThinking, model.ThinksBetweenTools).ShouldBe((mayDisable, betweenTools));
    }
}
