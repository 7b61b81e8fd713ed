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
        problems.Errors.ShouldContain("test.yaml:24: routing_strategy by-horoscope is not known (known: "
            + "cost-based-routing, file-order, latency-based-routing, least-busy, simple-shuffle, usage-based-routing).");
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

        CatalogFile.ReadText("/nowhere/nowhere.yaml", problems).ShouldBeNull();

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
                litellm_params: { model: gpt-4o, api_key: sk-literal, region_name: eu }
                model_info: { supports_vision: true }
            router_settings:
              redis_url: redis://cache
              model_group_retry_policy: {}
            general_settings: { master_key: sk-1234, alerting: [slack] }
            """);

        problems.Errors.ShouldBeEmpty();
        catalog.Entries.ShouldHaveSingleItem().Provider.ShouldBe("openai");
        problems.Warnings.ShouldBe(
        [
            "test.yaml:3: litellm_params.region_name has no effect here.",
            "test.yaml:3: api_key is a literal. Write os.environ/NAME or file:PATH, so that the file holds no secret.",
            "test.yaml:6: router_settings.redis_url has no effect here: REDIS_URL names the Redis.",
            "test.yaml:7: router_settings.model_group_retry_policy has no effect here.",
            "test.yaml:8: general_settings.master_key has no effect here: ./run.sh makes it the administrator's key, elsewhere set ADMIN_API_KEY.",
            "test.yaml:8: general_settings.alerting has no effect here.",
        ]);
    }

    [Fact]
    public void A_rule_that_can_match_nothing_is_refused_by_name_R57()
    {
        const string Text =
            """
            model_list:
              - { model_name: a, litellm_params: { model: openai/gpt-4o } }
              - { model_name: "openai/*", litellm_params: { model: "openai/*" } }
            router_settings:
              fallbacks: [{ a: [gone] }, { other: [a] }, { a: [a] }]
              context_window_fallbacks: [{ a: a }, b]
              content_policy_fallbacks: { a: [b] }
            litellm_settings:
              default_fallbacks: [nowhere]
            """;

        var (_, problems) = Check(Text);

        problems.Errors.ShouldBe(
        [
            "test.yaml:3: model_name must be one model: patterns such as \"openai/*\" are not supported.",
            "test.yaml:3: litellm_params.model must be one model: patterns such as \"openai/*\" are not supported.",
            "test.yaml:5: fallbacks of a has gone, which is no model_name.",
            "test.yaml:5: fallbacks has other, which is no model_name.",
            "test.yaml:5: fallbacks has a twice.",
            "test.yaml:5: fallbacks of a has a itself.",
            "test.yaml:6: An item of context_window_fallbacks must be a model's name and a list of others.",
            "test.yaml:6: An item of context_window_fallbacks must be a model's name and a list of others.",
            "test.yaml:7: router_settings.content_policy_fallbacks must be a list.",
            "test.yaml:9: default_fallbacks of * has nowhere, which is no model_name.",
        ], ignoreOrder: true);
    }

    [Fact]
    public void A_name_that_a_server_may_list_is_warned_of_only()
    {
        var problems = new CatalogProblems("test.yaml");
        using var text = new StringReader(
            "model_list: [{ model_name: a, litellm_params: { model: openai/gpt-4o } }]\nrouter_settings: { fallbacks: [{ a: [llama3] }], model_group_alias: { b: llama3 } }");

        new CatalogValidator(problems, isOpen: true).Check(CatalogFile.Parse(text, problems));

        problems.Errors.ShouldBeEmpty();
        problems.Warnings.ShouldBe(
        [
            "test.yaml:2: The alias b stands for llama3, which is no model_name.", "test.yaml:2: fallbacks of a has llama3, which is no model_name.",
        ], ignoreOrder: true);
    }

    [Fact]
    public void Values_that_cannot_be_are_refused_each_with_its_line()
    {
        var (_, problems) = Check(
            """
            model_list:
              - model_name: a
                litellm_params:
                  model: openai/gpt-4o
                  rpm: 0
                  tpm: many
                  timeout: -1
                  stream_timeout: 1e3
                  num_retries: 99
                  order: first
                  drop_params: maybe
                  api_version: 2024-10-21
                model_info: { id: same, routing_strategy: least-busy, hedge: 1 }
              - model_name: a
                litellm_params: { model: openai/gpt-4.1, cooldown_time: x }
                model_info: { id: same, routing_strategy: file-order }
            router_settings:
              allowed_fails: -1
              rate_limit: { rpm: x, per_day: 3 }
              retry_policy: { max_retries: 2, delay: 2, tries: 3 }
              prefix_affinity: 2
            """);

        problems.Errors.Select(error => error[..error.IndexOf(' ', error.IndexOf(' ') + 1)]).ShouldBe(
        [
            "test.yaml:5: rpm", "test.yaml:6: tpm", "test.yaml:7: timeout", "test.yaml:8: stream_timeout", "test.yaml:9: num_retries", "test.yaml:10: order",
            "test.yaml:11: drop_params", "test.yaml:12: api_version", "test.yaml:13: hedge", "test.yaml:15: cooldown_time",
            "test.yaml:16: model_info.id", "test.yaml:16: a", "test.yaml:18: allowed_fails", "test.yaml:19: rate_limit.rpm",
            "test.yaml:19: router_settings.rate_limit.per_day", "test.yaml:20: router_settings.retry_policy.tries", "test.yaml:21: prefix_affinity",
        ], ignoreOrder: true);
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
