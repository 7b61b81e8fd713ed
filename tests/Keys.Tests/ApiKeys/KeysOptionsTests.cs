using LlmGateway.Keys.ApiKeys;

namespace LlmGateway.Keys.Tests.ApiKeys;

public sealed class KeysOptionsTests
{
    [Theory]
    [InlineData("", null, null)]
    [InlineData("sk-a,sk-b", "sk-c", null)]
    [InlineData("""["sk-a","sk-b"]""", "", null)]
    [InlineData("[\"sk-a\"", null, "Keys:Allowed")]
    [InlineData("schlüssel", null, "Keys:Allowed")]
    [InlineData("sk-a", "schlüssel", "Keys:Administrator")]
    [InlineData("sk-a,sk-b", "sk-b", "Keys:Administrator")]
    public void What_cannot_be_a_key_is_refused_by_its_path(string allowed, string? administrator, string? path)
    {
        var result = new KeysOptionsValidator().Validate(null, new KeysOptions { Allowed = allowed, Administrator = administrator });

        result.Failed.ShouldBe(path is not null);
        (result.FailureMessage ?? "").ShouldContain(path ?? "");
        (result.FailureMessage ?? "").ShouldNotContain("schlüssel");
    }
}
