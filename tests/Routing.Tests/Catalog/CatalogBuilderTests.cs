using LlmGateway.Protos.Billing.V1;
using LlmGateway.Routing.Catalog;
using LlmGateway.Routing.Providers;
using Microsoft.Extensions.Configuration;

namespace LlmGateway.Routing.Tests.Catalog;

public sealed class CatalogBuilderTests
{
    private const string Several =
        """
        model_list:
          - { model_name: gpt-4o, litellm_params: { model: openai/gpt-4o, input_cost_per_token: 2.5e-6, output_cost_per_token: 1e-5 } }
          - { model_name: gpt-4o, litellm_params: { model: openai/gpt-4o, api_key: os.environ/SECOND_KEY } }
          - { model_name: claude, litellm_params: { model: anthropic/claude-opus-5 } }
          - { model_name: local, litellm_params: { model: ollama/llama3 } }
          - { model_name: embed, litellm_params: { model: openai/text-embedding-3-small }, model_info: { mode: embedding } }
          - { model_name: own, litellm_params: { model: openai/mistral, api_base: "http://gpu:9000/v1/chat/completions" } }
        router_settings: { model_group_alias: { gpt-4: gpt-4o, old: claude } }
        """;

    [Fact]
    public void Without_a_key_a_vendors_models_are_neither_listed_nor_found()
    {
        var snapshot = Build(Several, new ProvidersOptions());

        snapshot.Names.ShouldBe(["local", "own"]);
        snapshot.Find("gpt-4o").ShouldBeNull();
        snapshot.Find("gpt-4").ShouldBeNull();
    }

    [Fact]
    public void With_a_key_they_are_and_an_unset_second_key_leaves_its_deployment_out()
    {
        var snapshot = Build(Several, new ProvidersOptions { OpenAi = { ApiKey = "sk-test" } });

        snapshot.Names.ShouldBe(["gpt-4o", "local", "embed", "own", "gpt-4"]);
        var deployment = snapshot.Find("gpt-4")!.Deployments.ShouldHaveSingleItem();
        deployment.BaseAddress.ShouldBe(new Uri("https://api.openai.com/v1/"));
        deployment.Key!.Reveal().ShouldBe("sk-test");
        deployment.ToString().ShouldNotContain("sk-test");
    }

    [Fact]
    public void An_account_may_have_several_keys_each_once()
    {
        var snapshot = Build(
            Several, new ProvidersOptions { OpenAi = { ApiKey = "sk-one, sk-two,,sk-one", AlternateApiKey = "sk-three" } }, ("SECOND_KEY", "sk-four,sk-five"));

        snapshot.Find("gpt-4o")!.Deployments.Select(deployment => string.Join(' ', deployment.Keys.Select(key => key.Reveal()))).ShouldBe(
            ["sk-one sk-two sk-three", "sk-four sk-five"]);
    }

    [Fact]
    public void Each_usable_deployment_of_a_model_has_an_id_of_its_own_and_one_price()
    {
        var snapshot = Build(Several, new ProvidersOptions { OpenAi = { ApiKey = "sk-test" } }, ("SECOND_KEY", "sk-two"));

        snapshot.Find("gpt-4o")!.Deployments.Select(deployment => deployment.Id).ShouldBe(["openai/gpt-4o", "openai/gpt-4o#2"]);
        PriceAnnouncer.Prices(snapshot).Prices.Count(price => price is { Provider: "openai", Model: "gpt-4o" }).ShouldBe(1);
    }

    [Fact]
    public void What_runs_on_ones_own_machines_costs_an_explicit_zero()
    {
        var snapshot = Build(Several, new ProvidersOptions());

        var own = snapshot.Find("own")!.Deployments.ShouldHaveSingleItem();
        own.Provider.ShouldBe("openai_compatible");
        own.BaseAddress.ShouldBe(new Uri("http://gpu:9000/v1/"));
        own.Key.ShouldBeNull();
        PriceAnnouncer.Prices(snapshot).Prices.ShouldAllBe(price => price.HasInput && price.Input == 0 && price.HasOutput && price.Output == 0);
        snapshot.Find("local")!.Deployments[0].BaseAddress.ShouldBe(new Uri("http://localhost:11434/v1/"));
    }

    [Fact]
    public void A_vendors_model_without_a_price_in_the_file_is_announced_without_one_so_that_billings_own_is_charged()
    {
        var (catalog, _) = CatalogFileTests.Check("model_list: [{ model_name: mine, litellm_params: { model: openai/gpt-4o } }]");

        var price = PriceAnnouncer.Prices(Builder(catalog).Build([])).Prices.ShouldHaveSingleItem();

        price.ShouldBe(new ModelPrice { Provider = "openai", Model = "gpt-4o" });
    }

    [Theory]
    [InlineData("", "input_cost_per_token: 1e-6, output_cost_per_token: 2e-6", true)]
    [InlineData("input_cost_per_token: 1e-6, output_cost_per_token: 2e-6", "", true)]
    [InlineData("input_cost_per_token: 1e-6, output_cost_per_token: 2e-6", "input_cost_per_token: 1e-6, output_cost_per_token: 3e-6", true)]
    [InlineData("", "input_cost_per_token: 0, output_cost_per_token: 0", false)]
    [InlineData("input_cost_per_token: 1e-6, output_cost_per_token: 2e-6", "input_cost_per_token: 1e-6, output_cost_per_token: 2e-6, cache_read_input_token_cost: 1e-6", false)]
    public void Two_servers_that_billing_cannot_tell_apart_must_be_priced_alike(string one, string other, bool refused)
    {
        var yaml =
            $$"""
            model_list:
              - { model_name: a, litellm_params: { model: openai/llama, api_base: os.environ/ONE, {{one}} } }
              - { model_name: b, litellm_params: { model: openai/llama, api_base: "http://two/v1", {{other}} } }
            """.Replace(", }", " }", StringComparison.Ordinal);
        var (catalog, written) = CatalogFileTests.Check(yaml);
        var problems = new CatalogProblems("test.yaml");

        Builder(catalog, ("ONE", "http://one/v1")).CheckPrices(problems);

        written.Errors.Concat(problems.Errors).Any().ShouldBe(refused);
        written.Errors.Concat(problems.Errors).ShouldAllBe(error => error.StartsWith("test.yaml:3: open") && error.Contains("on line 2"));
    }

    [Fact]
    public void A_vendors_address_out_of_the_environment_is_the_vendor_and_an_unpriced_entry_costs_what_the_other_does()
    {
        const string Vendor =
            """
            model_list:
              - { model_name: a, litellm_params: { model: openai/gpt-4o } }
              - { model_name: b, litellm_params: { model: openai/gpt-4o, input_cost_per_token: 1e-6, output_cost_per_token: 2e-6 } }
              - { model_name: c, litellm_params: { model: openai/gpt-4o, api_base: os.environ/BASE, input_cost_per_token: 0, output_cost_per_token: 0 } }
            """;
        var (catalog, _) = CatalogFileTests.Check(Vendor);
        var (same, other) = (new CatalogProblems("test.yaml"), new CatalogProblems("test.yaml"));

        Builder(catalog, ("BASE", "https://api.openai.com/v1")).CheckPrices(same);
        Builder(catalog, ("BASE", "http://gpu/v1")).CheckPrices(other);

        same.Errors.ShouldHaveSingleItem().ShouldBe(
            "test.yaml:4: openai/gpt-4o has another price on line 2 (a server of one's own without a price is free): price them alike.");
        other.Errors.ShouldBeEmpty();
        Builder(catalog).Build([]).Find("a")!.Deployments[0].Prices!.Input.ShouldBe(1_000_000_000);
    }

    [Fact]
    public void The_models_of_ones_own_server_are_what_it_lists_behind_those_of_the_file()
    {
        var (catalog, _) = CatalogFileTests.Check(Several);
        var providers = new ProvidersOptions { LlmServer = { BaseUrl = "http://localhost:8080/v1/completions" }, OpenAi = { ApiKey = "sk" } };
        var builder = new CatalogBuilder(catalog, providers, MockAnswers: false, "", Configuration());

        var snapshot = builder.Build(["llama3", "gpt-4o"]);

        snapshot.Find("llama3")!.Deployments[0].BaseAddress.ShouldBe(new Uri("http://localhost:8080/v1/"));
        snapshot.Find("llama3")!.Deployments[0].Prices.ShouldBe(TokenPrices.Free);
        snapshot.Find("gpt-4o")!.OwnedBy.ShouldBe("openai");
        snapshot.Find("")!.Name.ShouldBe("llama3");
    }

    [Fact]
    public void The_mock_takes_every_model_at_the_models_own_price()
    {
        var (catalog, _) = CatalogFileTests.Check(Several);
        var snapshot = new CatalogBuilder(catalog, new ProvidersOptions(), MockAnswers: true, "claude", Configuration()).Build([]);

        snapshot.Names.ShouldBe(["gpt-4o", "claude", "local", "embed", "own", "gpt-4", "old"]);
        snapshot.Find("embed")!.Deployments[0].Mode.ShouldBe(ModelMode.Embedding);
        snapshot.Models.ShouldAllBe(model => model.OwnedBy == "mock");
        snapshot.Find("")!.Name.ShouldBe("claude");
        var prices = PriceAnnouncer.Prices(snapshot).Prices;
        prices[0].ShouldBe(new ModelPrice { Provider = "mock", Model = "gpt-4o", Input = 2_500_000_000, Output = 10_000_000_000 });
        prices[1].ShouldBe(new ModelPrice
        {
            Provider = "mock",
            Model = "claude-opus-5",
            SameAs = new ModelName { Provider = "anthropic", Model = "claude-opus-5" },
        });
    }

    [Fact]
    public void Without_any_setting_a_request_without_a_model_means_gpt_3_5_turbo() =>
        Build(Several, new ProvidersOptions()).DefaultModel.ShouldBe("gpt-3.5-turbo");

    [Fact]
    public void A_litellm_proxys_models_cost_what_the_shipped_ones_of_their_names_do_and_others_have_no_price()
    {
        var (catalog, _) = CatalogFileTests.Check(Several);
        var providers = new ProvidersOptions { LiteLlm = { BaseUrl = "http://localhost:4000", ApiKey = "sk-l" } };

        var snapshot = new CatalogBuilder(catalog, providers, MockAnswers: false, "", Configuration()).Build([], ["gpt-4o", "azure/gpt-4.1", "house-model", "local"]);

        var deployment = snapshot.Find("gpt-4o")!.Deployments.ShouldHaveSingleItem();
        deployment.BaseAddress.ShouldBe(new Uri("http://localhost:4000/v1/"));
        deployment.Provider.ShouldBe("litellm");
        deployment.Key!.Reveal().ShouldBe("sk-l");
        deployment.PricedAs.ShouldBe(new ModelName { Provider = "openai", Model = "gpt-4o" });
        snapshot.Find("azure/gpt-4.1")!.Deployments[0].PricedAs.ShouldBe(new ModelName { Provider = "openai", Model = "gpt-4.1" });
        var unknown = snapshot.Find("house-model")!.Deployments[0];
        unknown.PricedAs.ShouldBeNull();
        unknown.Prices.ShouldBeNull();
        snapshot.Find("local")!.OwnedBy.ShouldBe("ollama");
        snapshot.DefaultModel.ShouldBe("gpt-3.5-turbo");
    }

    [Theory]
    [InlineData("https://r.openai.azure.com", "2024-10-21", "https://r.openai.azure.com/openai/deployments/d%20e/", "2024-10-21")]
    [InlineData("https://r.openai.azure.com/openai/deployments/other", "2024-10-21", "https://r.openai.azure.com/openai/deployments/d%20e/", "2024-10-21")]
    [InlineData("https://r.openai.azure.com/", "", "https://r.openai.azure.com/openai/v1/", null)]
    [InlineData("https://r.openai.azure.com/openai/v1/", "preview", "https://r.openai.azure.com/openai/v1/", null)]
    public void An_azure_deployment_is_in_the_path_with_a_dated_version_and_in_the_body_without(string endpoint, string version, string root, string? dated)
    {
        var address = AzureAddress.TryParse(endpoint, "d e", version)!;

        address.Root.AbsoluteUri.ShouldBe(root);
        address.Version.ShouldBe(dated);
    }

    [Fact]
    public void An_azure_deployment_without_an_endpoint_or_a_key_is_left_out()
    {
        const string Text = "model_list: [{ model_name: a, litellm_params: { model: azure/d } }]";
        Build(Text, new ProvidersOptions { Azure = { ApiKey = "k" } }).Models.ShouldBeEmpty();
        Build(Text, new ProvidersOptions { Azure = { BaseUrl = "https://r.openai.azure.com" } }).Models.ShouldBeEmpty();
        Build(Text, new ProvidersOptions { Azure = { BaseUrl = "https://r.openai.azure.com", ApiKey = "k", ApiVersion = "2024-10-21" } })
            .Find("a")!.Deployments[0].ApiVersion.ShouldBe("2024-10-21");
    }

    [Theory]
    [InlineData("base_model: azure/gpt-4o", "base_model: gpt-4o", false)]
    [InlineData("base_model: gpt-4o", "base_model: gpt-4.1", true)]
    public void Two_azure_deployments_of_one_name_must_be_of_one_base_model(string one, string other, bool refused)
    {
        var (catalog, _) = CatalogFileTests.Check(
            $$"""
            model_list:
              - { model_name: a, litellm_params: { model: azure/d, api_base: "https://one.openai.azure.com", api_key: k }, model_info: { {{one}} } }
              - { model_name: a, litellm_params: { model: azure/d, api_base: "https://two.openai.azure.com", api_key: k }, model_info: { {{other}} } }
            """);
        var problems = new CatalogProblems("test.yaml");

        Builder(catalog).CheckPrices(problems);

        problems.Errors.Any().ShouldBe(refused);
    }

    [Theory]
    [InlineData("http://host:8080", "http://host:8080/v1/")]
    [InlineData("http://host:8080/", "http://host:8080/v1/")]
    [InlineData("http://host:8080/v1", "http://host:8080/v1/")]
    [InlineData("http://host:8080/v1/completions", "http://host:8080/v1/")]
    [InlineData("https://host/api/openai/v1/chat/completions/", "https://host/api/openai/v1/")]
    public void A_servers_address_may_be_written_in_many_ways(string text, string root) => ServerAddress.TryParse(text).ShouldBe(new Uri(root));

    [Theory]
    [InlineData("host:8080")]
    [InlineData("ftp://host")]
    [InlineData("/v1")]
    [InlineData("")]
    public void What_is_no_http_address_is_none(string text) => ServerAddress.TryParse(text).ShouldBeNull();

    private static CatalogSnapshot Build(string yaml, ProvidersOptions providers, params (string Name, string Value)[] environment)
    {
        var (catalog, problems) = CatalogFileTests.Check(yaml);
        problems.Errors.ShouldBeEmpty();
        return new CatalogBuilder(catalog, providers, MockAnswers: false, "", Configuration(environment)).Build([]);
    }

    private static CatalogBuilder Builder(CheckedCatalog catalog, params (string Name, string Value)[] environment) => new(
        catalog, new ProvidersOptions { OpenAi = { ApiKey = "sk" } }, MockAnswers: false, "", Configuration(environment));

    private static IConfiguration Configuration(params (string Name, string Value)[] environment) => new ConfigurationBuilder()
        .AddInMemoryCollection(environment.Select(setting => KeyValuePair.Create<string, string?>(setting.Name, setting.Value))).Build();
}
