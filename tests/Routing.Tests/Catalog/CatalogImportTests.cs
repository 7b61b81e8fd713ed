using LlmGateway.Routing.Catalog;

namespace LlmGateway.Routing.Tests.Catalog;

/// <summary>A LiteLLM file that comes over the administrators' API: nothing in it may end the process.</summary>
public sealed class CatalogImportTests
{
    [Theory]
    [InlineData("model_list: []\nx: &a { b: *a }", "Aliases (*name) are not read here")]
    [InlineData("a: &a [x]\nb: [*a, *a]\nmodel_list: []", "Aliases (*name) are not read here")]
    public void A_file_that_refers_to_itself_is_refused_by_its_line(string file, string reason) =>
        Should.Throw<CatalogException>(() => CatalogImport.Read(file)).Messages.ShouldContain(message => message.Contains(reason, StringComparison.Ordinal));

    [Fact]
    public void A_file_of_any_depth_is_refused_and_not_followed() =>
        Should.Throw<CatalogException>(() => CatalogImport.Read("model_list: " + new string('[', 200_000)))
            .Messages.ShouldContain(message => message.Contains("nested too deeply", StringComparison.Ordinal));
}
