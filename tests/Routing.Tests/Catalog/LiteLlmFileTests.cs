using System.Globalization;
using System.Text;
using LlmGateway.Routing.Catalog;
using LlmGateway.Routing.Providers;
using Microsoft.Extensions.Configuration;

namespace LlmGateway.Routing.Tests.Catalog;

/// <summary>Whole files as LiteLLM's users have them: what is made of them, and what is said about them.</summary>
public sealed class LiteLlmFileTests
{
    private static readonly Golden Files = new("Catalog/LiteLlm");

    public static TheoryData<string> Cases => Files.Cases(".config.yaml");

    [Theory]
    [MemberData(nameof(Cases))]
    public void A_litellm_file_works_as_it_is(string name)
    {
        var problems = new CatalogProblems(name);
        using var text = new StringReader(Encoding.UTF8.GetString(Files.Read($"{name}.config.yaml")));
        var catalog = new CatalogValidator(problems).Check(CatalogFile.Parse(text, problems));
        var builder = new CatalogBuilder(catalog, new ProvidersOptions(), MockAnswers: false, "", Environment());
        builder.CheckPrices(problems);

        problems.Errors.ShouldBeEmpty();
        Files.ShouldMatchLines($"{name}.snapshot", [.. Lines(builder.Build([])), .. problems.Warnings.Select(warning => "! " + warning)]);
    }

    private static IConfiguration Environment() => new ConfigurationBuilder().AddInMemoryCollection(new Dictionary<string, string?>
    {
        ["OPENAI_API_KEY"] = "sk-1",
        ["AZURE_API_KEY"] = "az-1",
        ["ANTHROPIC_API_KEY"] = "sk-ant-1",
        ["LITELLM_API_KEY"] = "sk-l",
    }).Build();

    private static IEnumerable<string> Lines(CatalogSnapshot snapshot)
    {
        var router = snapshot.Router;
        yield return Text($"strategy={router.Strategy} default={snapshot.DefaultModel}", ("retries", router.Retries), ("delay", router.RetryDelay?.TotalSeconds));
        foreach (var model in snapshot.Models)
        {
            foreach (var line in model.Deployments.Select(Line).Concat(Lines(model)))
            {
                yield return line;
            }
        }

        foreach (var alias in snapshot.Names.Except(snapshot.Models.Select(model => model.Name)))
        {
            yield return $"{alias} = {snapshot.Find(alias)!.Name}";
        }
    }

    private static IEnumerable<string> Lines(CatalogModel model)
    {
        foreach (var (kind, names) in new[]
        {
            ("any", model.Fallbacks), ("context", model.ContextWindowFallbacks), ("policy", model.ContentPolicyFallbacks),
        }.Where(rule => rule.Item2.Count > 0))
        {
            yield return $"{model.Name} {kind} -> {string.Join(", ", names)}";
        }

        if (model.Hedge)
        {
            yield return $"{model.Name} hedges";
        }

        if (model.Strategy is { } strategy)
        {
            yield return $"{model.Name} by {strategy}";
        }
    }

    private static string Line(Deployment deployment) => Text(
        $"{deployment.ModelName}: {deployment.Id} at {deployment.BaseAddress}{(deployment.ApiVersion is { } version ? "?api-version=" + version : "")} keys={deployment.Keys.Count}",
        ("weight", deployment.Weight == 1 ? null : deployment.Weight),
        ("order", deployment.Order == int.MaxValue ? null : deployment.Order),
        ("rpm", deployment.RequestsPerMinute),
        ("tpm", deployment.TokensPerMinute),
        ("timeout", deployment.Timeout?.TotalSeconds),
        ("stream_timeout", deployment.FirstTokenTimeout?.TotalSeconds),
        ("retries", deployment.Retries),
        ("allowed_fails", deployment.AllowedFails),
        ("cooldown", deployment.Cooldown?.TotalSeconds),
        ("drop_params", deployment.DropParams ? "" : null),
        (deployment.Prices switch { null => "", { IsFree: true } => "free", _ => "priced" }, deployment.Prices is null ? null : ""),
        ("priced as " + deployment.PricedAs?.Provider + "/" + deployment.PricedAs?.Model, deployment.PricedAs is null ? null : ""));

    private static string Text(string head, params (string Name, object? Value)[] values) => head + string.Concat(values
        .Where(value => value.Value is not null)
        .Select(value => string.Create(CultureInfo.InvariantCulture, $" {value.Name}{(value.Value is "" ? "" : "=")}{value.Value}")));
}
