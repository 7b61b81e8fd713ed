using FsCheck;
using FsCheck.Fluent;
using LlmGateway.Gateway.Authentication;

namespace LlmGateway.Gateway.Tests.Authentication;

public sealed class AllowedModelsTests
{
    [Theory]
    [InlineData("gpt-4o", "gpt-4o", true)]
    [InlineData("gpt-4o", "gpt-4o-mini", false)]
    [InlineData("gpt-4o", "GPT-4o", false)]
    [InlineData("gpt-4o*", "gpt-4o", true)]
    [InlineData("gpt-4o*", "gpt-4o-mini", true)]
    [InlineData("*-mini", "gpt-4o-mini", true)]
    [InlineData("*-mini", "-min", false)]
    [InlineData("a*a", "a", false)]
    [InlineData("a*b*a", "aba", true)]
    [InlineData("*", "", true)]
    [InlineData("gpt-?", "gpt-4", false)]
    [InlineData("gpt.4", "gptx4", false)]
    public void A_pattern_matches_the_whole_name(string pattern, string model, bool matches) =>
        AllowedModels.From([pattern]).Allows(model).ShouldBe(matches);

    [Fact]
    public void Without_patterns_everything_is_allowed_and_with_several_any_of_them_does()
    {
        AllowedModels.From([]).Allows("anything").ShouldBeTrue();
        AllowedModels.From(["a", "b*"]).Allows("bc").ShouldBeTrue();
        AllowedModels.From(["a", "b*"]).Allows("c").ShouldBeFalse();
    }

    [Fact]
    public void It_agrees_with_the_definition_of_a_star()
    {
        var pattern = Gen.Elements('a', 'b', '*').ListOf().Select(letters => new string([.. letters.Take(8)]));
        var model = Gen.Elements('a', 'b').ListOf().Select(letters => new string([.. letters.Take(10)]));

        Check.QuickThrowOnFailure(Prop.ForAll(pattern.Zip(model).ToArbitrary(), pair =>
            AllowedModels.From([pair.Item1]).Allows(pair.Item2) == Matches(pair.Item1, pair.Item2)));
    }

    // A star is nothing, or one character and a star.
    private static bool Matches(string pattern, string model) => (pattern, model) switch
    {
        ("", _) => model.Length == 0,
        (['*', .. var rest], _) => Matches(rest, model) || (model.Length > 0 && Matches(pattern, model[1..])),
        _ => model.Length > 0 && pattern[0] == model[0] && Matches(pattern[1..], model[1..]),
    };
}
