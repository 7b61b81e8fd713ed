using LlmGateway.Routing.Providers;
using Microsoft.Extensions.Options;

namespace LlmGateway.Routing.Catalog;

/// <summary>
/// Puts snapshots in force: the first one at start, and another when the file changes or a server lists other models. What is not valid changes
/// nothing: the snapshot before it stays, and every problem is in the log.
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

    private readonly Lock _lock = new();
    private readonly Dictionary<string, IReadOnlyList<string>> _discovered = [];
    private string _text = "";
    private string _seen = "";
    private IReadOnlyList<StoredEntry> _stored = [];
    private CatalogBuilder? _builder;

    public string Path => options.Value.File.Length > 0 ? options.Value.File : System.IO.Path.Combine(AppContext.BaseDirectory, ShippedFile);

    /// <summary>As problems have it.</summary>
    private string FileName => options.Value.File.Length > 0 ? options.Value.File : ShippedFile;

    /// <exception cref="CatalogException">The file is not valid, or nothing could answer a call.</exception>
    public void Load()
    {
        var problems = new CatalogProblems(FileName);
        var text = CatalogFile.ReadText(Path, problems);
        lock (_lock)
        {
            Use(text ?? throw new CatalogException(problems.Errors), _stored);
            _seen = text;
            Announce(store.Current);
        }
    }

    /// <summary>Reads the file again, and uses it if it is another one and valid.</summary>
    public void Reload()
    {
        var problems = new CatalogProblems(FileName);
        var text = CatalogFile.ReadText(Path, problems);
        lock (_lock)
        {
            // A file that is missing for a moment is being replaced.
            if (text is null || text == _seen)
            {
                return;
            }

            _seen = text;
            try
            {
                Use(text, _stored);
                Log.Reloaded(logger, FileName, store.Current.Models.Count);
            }
            catch (CatalogException e)
            {
                Log.Refused(logger, FileName, string.Join(Environment.NewLine, e.Errors));
            }
        }
    }

    /// <summary>What a server lists now. The order is the server's.</summary>
    /// <param name="provider">llm_server or litellm.</param>
    /// <param name="models">Their names.</param>
    public void Discovered(string provider, IReadOnlyList<string> models)
    {
        lock (_lock)
        {
            if (_builder is null || models.SequenceEqual(_discovered.GetValueOrDefault(provider, [])))
            {
                return;
            }

            _discovered[provider] = models;
            store.Replace(Build(_builder));
            Log.Discovered(logger, provider, models.Count, string.Join(", ", models.Take(10)));
        }
    }

    /// <summary>What administrators changed, as it is now. What is not valid beside today's file is left out, and logged.</summary>
    public void Changed(IReadOnlyList<StoredEntry> stored)
    {
        lock (_lock)
        {
            if (stored.SequenceEqual(_stored))
            {
                return;
            }

            _stored = stored;
            Use(_text, stored);
            Log.ChangesUsed(logger, stored.Count);
        }
    }

    /// <summary>Whether the catalogue would be valid with these changes.</summary>
    /// <exception cref="CatalogException">It would not.</exception>
    public void Check(IReadOnlyList<StoredEntry> stored)
    {
        lock (_lock)
        {
            Compile(_text, stored, new CatalogProblems(FileName));
        }
    }

    private void Use(string text, IReadOnlyList<StoredEntry> stored)
    {
        var problems = new CatalogProblems(FileName);
        var builder = stored.Count == 0 ? Compile(text, [], problems) : Compile(text, Valid(text, stored), problems);
        foreach (var warning in problems.Warnings)
        {
            Log.Warning(logger, warning);
        }

        if (providers.Value.Azure.IsSet && !builder.Catalog.Entries.Any(entry => entry.Provider == ProviderName.Azure))
        {
            Log.NoAzure(logger, FileName);
        }

        (_text, _builder) = (text, builder);
        store.Replace(Build(builder));
    }

    /// <summary>All that was stored, or where something of it is not valid any more, the rest.</summary>
    private List<StoredEntry> Valid(string text, IReadOnlyList<StoredEntry> stored)
    {
        // What the file says alone must be right; if it is not, that is said without what was stored.
        Compile(text, [], new CatalogProblems(FileName));
        if (Faults(stored) is null)
        {
            return [.. stored];
        }

        var valid = new List<StoredEntry>();
        foreach (var entry in stored)
        {
            if (Faults([.. valid, entry]) is { } faults)
            {
                Log.Left(logger, entry.Kind, entry.Name, faults);
            }
            else
            {
                valid.Add(entry);
            }
        }

        return valid;

        string? Faults(IReadOnlyList<StoredEntry> entries)
        {
            try
            {
                Compile(text, entries, new CatalogProblems(FileName));
                return null;
            }
            catch (CatalogException e)
            {
                return string.Join(' ', e.Messages);
            }
        }
    }

    private CatalogSnapshot Build(CatalogBuilder builder) =>
        builder.Build(_discovered.GetValueOrDefault(ProviderName.LlmServer, []), _discovered.GetValueOrDefault(ProviderName.LiteLlm, []));

    /// <exception cref="CatalogException">It is not valid.</exception>
    private CatalogBuilder Compile(string text, IReadOnlyList<StoredEntry> stored, CatalogProblems problems)
    {
        using var reader = new StringReader(text);
        var overlay = new CatalogOverlay(problems, options.Value.KeysFolder);
        var document = overlay.Apply(CatalogFile.Parse(reader, problems), stored);
        var isOpen = providers.Value.LlmServer.BaseUrl.Length > 0 || providers.Value.LiteLlm.BaseUrl.Length > 0;
        var catalog = new CatalogValidator(problems, isOpen).Check(document);
        var changes = overlay.Changes(stored);
        Throw(problems);
        var builder = new CatalogBuilder(catalog, providers.Value, MockAnswers: MockAnswers(catalog), options.Value.DefaultModel, configuration)
        {
            Changes = changes,
            ChangedModels = [.. stored.Where(entry => entry.Kind == StoredKind.Model).Select(entry => entry.Name)],
        };
        builder.CheckPrices(problems);
        Throw(problems);
        return builder;

        static void Throw(CatalogProblems problems)
        {
            if (problems.HasErrors)
            {
                throw new CatalogException(problems.Errors) { Messages = problems.Messages };
            }
        }
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

        var discovers = providers.Value.LlmServer.BaseUrl.Length > 0 || providers.Value.LiteLlm.BaseUrl.Length > 0;
        if (snapshot.Models.Count == 0 && !discovers)
        {
            Log.Nothing(logger);
        }
        else
        {
            Log.Loaded(logger, snapshot.Models.Count, snapshot.DefaultModel);
        }

        if (options.Value.DefaultModel.Length > 0 && snapshot.Find("") is null && !discovers)
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

        [LoggerMessage(6, LogLevel.Information, "{Provider} offers {Count} models: {Models}.")]
        public static partial void Discovered(ILogger logger, string provider, int count, string models);

        [LoggerMessage(7, LogLevel.Information, "{File} changed: the catalogue has {Models} usable models now.")]
        public static partial void Reloaded(ILogger logger, string file, int models);

        [LoggerMessage(8, LogLevel.Error, "{File} changed and is not valid; the catalogue stays as it was. {Problems}")]
        public static partial void Refused(ILogger logger, string file, string problems);

        [LoggerMessage(10, LogLevel.Information, "{Count} changes by administrators are in the catalogue.")]
        public static partial void ChangesUsed(ILogger logger, int count);

        [LoggerMessage(11, LogLevel.Error, "An administrator's change does not fit the catalogue file any more and is left out: {Kind} {Name}. {Problems}")]
        public static partial void Left(ILogger logger, StoredKind kind, string name, string problems);

        [LoggerMessage(9, LogLevel.Warning, "AZURE_OPENAI_* is set, and {File} has no azure/ deployment that would use it.")]
        public static partial void NoAzure(ILogger logger, string file);
    }
}
