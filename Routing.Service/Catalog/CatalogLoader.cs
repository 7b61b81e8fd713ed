using LlmGateway.Routing.Providers;
using Microsoft.Extensions.Options;

namespace LlmGateway.Routing.Catalog;

/// <summary>
/// Reads the catalogue at start and puts the first snapshot in force; puts later ones there as the operator's own server lists other models.
/// </summary>
internal sealed partial class CatalogLoader(
    CatalogStore store,
    IOptions<CatalogOptions> options,
    IOptions<ProvidersOptions> providers,
    IConfiguration configuration,
    IHostEnvironment environment,
    ILogger<CatalogLoader> logger)
{
    private const string ShippedFile = "models.yaml";

    private CatalogBuilder? _builder;
    private IReadOnlyList<string> _discovered = [];

    /// <exception cref="CatalogException">The file is not valid, or nothing could answer a call.</exception>
    public void Load()
    {
        var path = options.Value.File;
        var catalog = path.Length > 0 ? Check(path, path) : Check(Path.Combine(AppContext.BaseDirectory, ShippedFile), ShippedFile);
        _builder = new CatalogBuilder(
            catalog, providers.Value, MockAnswers: MockAnswers(catalog), options.Value.DefaultModel, configuration);
        var problems = new CatalogProblems(path.Length > 0 ? path : ShippedFile);
        _builder.CheckPrices(problems);
        if (problems.HasErrors)
        {
            throw new CatalogException(problems.Errors);
        }

        var snapshot = _builder.Build(_discovered);
        store.Replace(snapshot);
        Announce(snapshot);
    }

    /// <summary>What the operator's own server lists now. The order is the server's.</summary>
    public void Discovered(IReadOnlyList<string> models)
    {
        if (_builder is null || models.SequenceEqual(_discovered))
        {
            return;
        }

        _discovered = models;
        store.Replace(_builder.Build(models));
        Log.Discovered(logger, models.Count, string.Join(", ", models.Take(10)));
    }

    private CheckedCatalog Check(string path, string name)
    {
        var problems = new CatalogProblems(name);
        var document = CatalogFile.Read(path, problems);
        var catalog = new CatalogValidator(problems).Check(document);
        if (problems.HasErrors)
        {
            throw new CatalogException(problems.Errors);
        }

        foreach (var warning in problems.Warnings)
        {
            Log.Warning(logger, warning);
        }

        return catalog;
    }

    /// <summary>
    /// The mock answers when it is told to, and on a developer's machine with no provider at all. In production an empty
    /// configuration is a mistake that customers must not find out by being answered nonsense.
    /// </summary>
    private bool MockAnswers(CheckedCatalog catalog)
    {
        if (string.Equals(providers.Value.Mode, ProvidersOptions.MockMode, StringComparison.OrdinalIgnoreCase))
        {
            return true;
        }

        var builder = new CatalogBuilder(catalog, providers.Value, MockAnswers: false, "", configuration);
        if (providers.Value.AnyConfigured || builder.Build([]).Models.Count > 0)
        {
            return false;
        }

        return environment.IsDevelopment() ? true : throw new CatalogException([
            "No provider is configured. Set OPENAI_API_KEY, LLM_SERVER_URL or a deployment with a key in MODELS_FILE; "
            + "LLM_MODE=mock lets the built-in mock answer instead.",
        ]);
    }

    private void Announce(CatalogSnapshot snapshot)
    {
        if (_builder!.MockAnswers)
        {
            Log.Mock(logger, snapshot.Models.Count);
        }

        if (snapshot.Models.Count == 0 && providers.Value.LlmServer.BaseUrl.Length == 0)
        {
            Log.Nothing(logger);
        }
        else
        {
            Log.Loaded(logger, snapshot.Models.Count, snapshot.DefaultModel);
        }

        if (options.Value.DefaultModel.Length > 0 && snapshot.Find("") is null && providers.Value.LlmServer.BaseUrl.Length == 0)
        {
            Log.NoDefault(logger, options.Value.DefaultModel);
        }
    }

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Warning, "{Problem}")]
        public static partial void Warning(ILogger logger, string problem);

        [LoggerMessage(2, LogLevel.Warning,
            "*** The MOCK provider answers all {Models} models: no provider key is configured, or LLM_MODE=mock. "
            + "Answers are made up; balances are charged. ***")]
        public static partial void Mock(ILogger logger, int models);

        [LoggerMessage(3, LogLevel.Information, "The catalogue has {Models} usable models; a request without a model gets {Default}.")]
        public static partial void Loaded(ILogger logger, int models, string @default);

        [LoggerMessage(4, LogLevel.Warning, "No model of the catalogue has a usable deployment: every call will be answered with model_not_found.")]
        public static partial void Nothing(ILogger logger);

        [LoggerMessage(5, LogLevel.Warning, "The default model {Model} has no usable deployment.")]
        public static partial void NoDefault(ILogger logger, string model);

        [LoggerMessage(6, LogLevel.Information, "LLM_SERVER_URL offers {Count} models: {Models}.")]
        public static partial void Discovered(ILogger logger, int count, string models);
    }
}
