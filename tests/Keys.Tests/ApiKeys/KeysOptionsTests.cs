using LlmGateway.Keys.ApiKeys;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Hosting.Internal;

namespace LlmGateway.Keys.Tests.ApiKeys;

public sealed class KeysOptionsTests
{
    [Theory]
    [InlineData("", null, null, null)]
    [InlineData("sk-a,sk-b", "sk-c", "sk-d", null)]
    [InlineData("""["sk-a","sk-b"]""", "", "", null)]
    [InlineData("[\"sk-a\"", null, null, "Keys:Allowed")]
    [InlineData("schlüssel", null, null, "Keys:Allowed")]
    [InlineData("sk-a", "schlüssel", null, "Keys:Administrator")]
    [InlineData("sk-a,sk-b", "sk-b", null, "Keys:Administrator")]
    [InlineData("sk-a", null, "schlüssel", "Keys:Internal")]
    [InlineData("sk-a,sk-b", null, "sk-b", "Keys:Internal")]
    [InlineData("sk-a", "sk-b", " sk-b ", "Keys:Internal")]
    [InlineData("", null, "change-me-internal-key", "Keys:Internal")]
    public void What_cannot_be_a_key_is_refused_by_its_path(string allowed, string? administrator, string? own, string? path)
    {
        var result = Validate(new KeysOptions { Allowed = allowed, Administrator = administrator, Internal = own }, Environments.Production);

        result.Failed.ShouldBe(path is not null);
        (result.FailureMessage ?? "").ShouldContain(path ?? "");
        (result.FailureMessage ?? "").ShouldNotContain("schlüssel");
    }

    [Theory]
    [InlineData("Development", false)]
    [InlineData("Staging", true)]
    [InlineData("Production", true)]
    public void The_placeholder_of_the_internal_key_is_only_let_through_in_development(string environment, bool isRefused) =>
        Validate(new KeysOptions { Internal = KeysOptionsValidator.Placeholder }, environment).Failed.ShouldBe(isRefused);

    private static Microsoft.Extensions.Options.ValidateOptionsResult Validate(KeysOptions options, string environment) =>
        new KeysOptionsValidator(new HostingEnvironment { EnvironmentName = environment }).Validate(null, options);
}
