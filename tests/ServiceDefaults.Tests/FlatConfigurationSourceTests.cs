using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Configuration.EnvironmentVariables;
using Microsoft.Extensions.Configuration.Memory;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace LlmGateway.ServiceDefaults.Tests;

public sealed class FlatConfigurationSourceTests
{
    [Fact]
    public void A_flat_name_wins_over_the_settings_file_and_yields_to_the_environments_dotnet_form()
    {
        // Set as whoever starts the process sets it: the host's own provider reads it.
        Environment.SetEnvironmentVariable("Billing__Currency", "from-dotnet-form");
        try
        {
            var builder = WebApplication.CreateBuilder();
            builder.Configuration.Sources.Insert(0, new MemoryConfigurationSource
            {
                InitialData = new Dictionary<string, string?> { ["Catalog:DefaultModel"] = "from-file", ["Billing:Currency"] = "from-file" },
            });
            builder.AddFlatConfiguration(new DotEnv(), Process(("DEFAULT_MODEL", "from-flat"), ("BILLING_CURRENCY", "USD")));

            builder.Configuration["Catalog:DefaultModel"].ShouldBe("from-flat");
            builder.Configuration["Billing:Currency"].ShouldBe("from-dotnet-form");
            builder.Configuration.Sources.OfType<EnvironmentVariablesConfigurationSource>().ShouldNotBeEmpty();
        }
        finally
        {
            Environment.SetEnvironmentVariable("Billing__Currency", null);
        }
    }

    [Fact]
    public void The_process_environment_wins_over_the_file()
    {
        var builder = WebApplication.CreateBuilder();
        builder.AddFlatConfiguration(DotEnv.Parse("DEFAULT_MODEL=a\nOPENAI_API_KEY=from-file"), Process(("DEFAULT_MODEL", "b")));

        builder.Configuration["Catalog:DefaultModel"].ShouldBe("b");
        builder.Configuration["Providers:OpenAi:ApiKey"].ShouldBe("from-file");
    }

    [Fact]
    public void An_empty_process_variable_hides_nothing_of_the_file()
    {
        var builder = WebApplication.CreateBuilder();
        builder.AddFlatConfiguration(DotEnv.Parse("OPENAI_API_KEY=from-file"), Process(("OPENAI_API_KEY", "")));

        builder.Configuration["Providers:OpenAi:ApiKey"].ShouldBe("from-file");
    }

    [Fact]
    public void A_file_may_use_the_dotnet_form_and_any_name_of_it_is_found_as_it_is()
    {
        var builder = WebApplication.CreateBuilder();
        builder.AddFlatConfiguration(DotEnv.Parse("Billing__MarkupPercent=30\nMY_PROVIDER_KEY=sk-mine"), Process());

        builder.Configuration["Billing:MarkupPercent"].ShouldBe("30");
        builder.Configuration["MY_PROVIDER_KEY"].ShouldBe("sk-mine");
    }

    [Theory]
    [InlineData("development", null, "Development")]
    [InlineData("production", null, "Production")]
    [InlineData("development", "Staging", "Production")]
    public void ENVIRONMENT_names_the_hosts_environment_unless_the_dotnet_form_does(string flat, string? dotNet, string expected)
    {
        var builder = WebApplication.CreateBuilder(new WebApplicationOptions { EnvironmentName = "Production" });
        builder.AddFlatConfiguration(
            new DotEnv(), dotNet is null ? Process(("ENVIRONMENT", flat)) : Process(("ENVIRONMENT", flat), ("ASPNETCORE_ENVIRONMENT", dotNet)));

        builder.Environment.EnvironmentName.ShouldBe(expected);
    }

    [Fact]
    public async Task The_start_fails_with_every_error_at_once()
    {
        var builder = WebApplication.CreateBuilder();
        builder.Logging.ClearProviders();
        builder.AddFlatConfiguration(
            new DotEnv(), Process(("BILLING_CURRENCY", "EUR"), ("RATE_LIMIT_STORAGE", "disk"), ("DATABASE_URL", "sqlite:///x")));
        await using var app = builder.Build();

        var failure = await Should.ThrowAsync<OptionsValidationException>(() => app.StartAsync());

        foreach (var name in (string[])["BILLING_CURRENCY", "RATE_LIMIT_STORAGE", "DATABASE_URL"])
        {
            failure.Message.ShouldContain(name);
        }
    }

    private static Dictionary<string, string> Process(params (string Name, string Value)[] variables) =>
        variables.ToDictionary(pair => pair.Name, pair => pair.Value);
}
