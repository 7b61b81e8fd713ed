using LlmGateway.Routing.Catalog;

namespace LlmGateway.Routing.Tests.Catalog;

public sealed class CatalogFileTests
{
    [Fact]
    public void A_file_with_many_faults_is_told_all_of_them_each_with_its_line()
    {
        var (_, problems) = Check(
            """
            model_list:
              - model_name: a
                litellm_params:
                  model: openay/gpt-4o
              - litellm_params:
                  model: openai/gpt-4o
              - model_name: b
              - model_name: c
                litellm_params:
                  model: openai/gpt-4o
                  input_cost_per_token: cheap
                  output_cost_per_token: 0.00001
                  modle: x
              - model_name: d
                litellm_params:
                  model: openai/gpt-4.1
                  input_cost_per_token: 0.00001
                model_info:
                  mode: telepathy
                  max_output_tokens: -5
              - model_name: e
                litellm_params: { model: llama-7b, api_base: "ftp://host" }
            router_settings:
              routing_strategy: by-horoscope
              model_group_alias: { gpt-4: nothing, c: d }
            """);

        problems.Errors.Select(error => error[..error.IndexOf(' ')]).Distinct().ShouldAllBe(place => place.StartsWith("test.yaml:"));
        problems.Errors.Count.ShouldBe(13);
        problems.Errors.ShouldContain(error => error.StartsWith("test.yaml:4: No provider has the name in \"openay/gpt-4o\" (known: anthropic, azure, "));
        problems.Errors.ShouldContain("test.yaml:5: model_name is missing.");
        problems.Errors.ShouldContain("test.yaml:7: litellm_params.model is missing.");
        problems.Errors.ShouldContain(error => error.StartsWith("test.yaml:11: input_cost_per_token must be a decimal number") && error.EndsWith("\"cheap\"."));
        problems.Errors.ShouldContain(error => error.StartsWith("test.yaml:13: litellm_params.modle is not a known key"));
        problems.Errors.ShouldContain("test.yaml:17: input_cost_per_token and output_cost_per_token go together: one of them is missing.");
        problems.Errors.ShouldContain("test.yaml:19: mode must be chat, completion, embedding or responses: \"telepathy\".");
        problems.Errors.ShouldContain(error => error.StartsWith("test.yaml:20: max_output_tokens must be a number"));
        problems.Errors.ShouldContain("test.yaml:22: api_base must be an http or https address.");
        problems.Errors.ShouldContain(error => error.StartsWith("test.yaml:22: The provider of \"llama-7b\" cannot be inferred"));
        problems.Errors.ShouldContain("test.yaml:24: routing_strategy by-horoscope is not known (known: file-order, simple-shuffle).");
        problems.Errors.ShouldContain("test.yaml:25: The alias gpt-4 stands for nothing, which is no model_name.");
        problems.Errors.ShouldContain("test.yaml:25: c is both an alias and a model_name.");
    }

    [Theory]
    [InlineData("model_list: [", 2)]
    [InlineData("- a\n- b", 1)]
    [InlineData("", 1)]
    [InlineData("model_list: 7", 1)]
    [InlineData("model_list:\n  - model_name: a\n    model_name: b\n    litellm_params: { model: gpt-4o }", 3)]
    [InlineData("model_list:\n  - model_name: a\n    litellm_params: gpt-4o", 3)]
    [InlineData("model_list:\n  - model_name: a\n    litellm_params: { model: [gpt-4o] }", 3)]
    public void Text_that_is_no_catalogue_is_refused_with_its_line(string text, int line)
    {
        var (_, problems) = Check(text);

        problems.Errors.ShouldContain(error => error.StartsWith($"test.yaml:{line}: "));
    }

    [Fact]
    public void A_missing_file_is_an_error_and_no_exception()
    {
        var problems = new CatalogProblems("nowhere.yaml");

        CatalogFile.Read("/nowhere/nowhere.yaml", problems);

        problems.Errors.ShouldHaveSingleItem().ShouldContain("cannot be read");
    }

    [Fact]
    public void The_same_deployment_twice_is_refused_and_a_second_deployment_is_not()
    {
        var (_, problems) = Check(
            """
            model_list:
              - { model_name: a, litellm_params: { model: openai/gpt-4o } }
              - { model_name: a, litellm_params: { model: openai/gpt-4o, api_key: os.environ/OTHER } }
              - { model_name: a, litellm_params: { model: openai/gpt-4o } }
            """);

        problems.Errors.ShouldHaveSingleItem().ShouldBe("test.yaml:4: a has this deployment already, on line 2.");
    }

    [Fact]
    public void One_model_of_one_provider_cannot_have_two_prices()
    {
        var (_, problems) = Check(
            """
            model_list:
              - { model_name: a, litellm_params: { model: openai/gpt-4o, input_cost_per_token: 1e-6, output_cost_per_token: 2e-6 } }
              - { model_name: b, litellm_params: { model: openai/gpt-4o, input_cost_per_token: 1e-6, output_cost_per_token: 3e-6 } }
            """);

        problems.Errors.ShouldHaveSingleItem().ShouldBe("test.yaml:3: openai/gpt-4o has another price on line 2; a provider's model has one price.");
    }

    [Theory]
    [InlineData("https://api.openai.com/v1")]
    [InlineData("https://api.openai.com")]
    public void The_vendors_address_written_out_is_the_vendor(string address)
    {
        var (_, problems) = Check(
            $$"""
            model_list:
              - { model_name: a, litellm_params: { model: openai/gpt-4o, input_cost_per_token: 1e-6, output_cost_per_token: 2e-6 } }
              - { model_name: b, litellm_params: { model: openai/gpt-4o, api_base: "{{address}}", input_cost_per_token: 0, output_cost_per_token: 0 } }
            """);

        problems.Errors.ShouldHaveSingleItem().ShouldBe("test.yaml:3: openai/gpt-4o has another price on line 2; a provider's model has one price.");
    }

    [Theory]
    [InlineData("\"\"")]
    [InlineData("' '")]
    public void An_empty_key_is_refused(string key)
    {
        var (_, problems) = Check($"model_list:\n  - {{ model_name: a, litellm_params: {{ model: openai/gpt-4o, api_key: {key} }} }}");

        problems.Errors.ShouldHaveSingleItem().ShouldBe("test.yaml:2: api_key is empty. Leave it out where none is needed.");
    }

    [Fact]
    public void A_name_with_control_characters_is_refused_and_one_in_any_script_is_not()
    {
        var (_, problems) = Check(
            """
            model_list:
              - { model_name: "a\r\nx: y", litellm_params: { model: openai/gpt-4o } }
              - { model_name: b, litellm_params: { model: "ollama/l\0" } }
              - { model_name: 通义, litellm_params: { model: ollama/通义 } }
            """);

        problems.Errors.ShouldBe(
            ["test.yaml:2: model_name must not have control characters.", "test.yaml:3: litellm_params.model must not have control characters."]);
    }

    [Fact]
    public void Keys_that_other_gateways_know_are_accepted_and_said_to_have_no_effect()
    {
        var (catalog, problems) = Check(
            """
            model_list:
              - model_name: gpt-4o
                litellm_params: { model: gpt-4o, api_key: sk-literal, rpm: 100, timeout: 30 }
                model_info: { supports_vision: true }
            router_settings:
              routing_strategy: least-busy
              fallbacks: [{ gpt-4o: [gpt-4.1] }]
            general_settings: { master_key: sk-1234 }
            """);

        problems.Errors.ShouldBeEmpty();
        catalog.Entries.ShouldHaveSingleItem().Provider.ShouldBe("openai");
        problems.Warnings.ShouldBe(
        [
            "test.yaml:3: litellm_params.rpm has no effect here.",
            "test.yaml:3: litellm_params.timeout has no effect here.",
            "test.yaml:3: api_key is a literal. Write os.environ/NAME or file:PATH, so that the file holds no secret.",
            "test.yaml:6: routing_strategy least-busy is not built yet; simple-shuffle is used.",
            "test.yaml:7: router_settings.fallbacks has no effect here.",
            "test.yaml:8: general_settings has no effect here.",
        ]);
    }

    [Theory]
    [InlineData("0.0000025", 2_500_000_000)]
    [InlineData("1.5e-07", 150_000_000)]
    [InlineData("5e-8", 50_000_000)]
    [InlineData("0", 0)]
    [InlineData("0.0", 0)]
    [InlineData("0.000000000000001", 1)]
    public void A_price_is_read_exactly(string text, long nanoUsdPerMillion)
    {
        TokenPrices.TryParse(text, out var price).ShouldBeTrue();

        price.ShouldBe(nanoUsdPerMillion);
    }

    [Theory]
    [InlineData("0.0000000000000015")]
    [InlineData("1e-40")]
    [InlineData("-0.1")]
    [InlineData("2")]
    [InlineData("1,5")]
    [InlineData("NaN")]
    [InlineData("$1")]
    public void A_price_that_cannot_be_kept_exactly_is_refused(string text) => TokenPrices.TryParse(text, out _).ShouldBeFalse();

    internal static (CheckedCatalog Catalog, CatalogProblems Problems) Check(string yaml)
    {
        var problems = new CatalogProblems("test.yaml");
        using var reader = new StringReader(yaml);
        return (new CatalogValidator(problems).Check(CatalogFile.Parse(reader, problems)), problems);
    }
}
