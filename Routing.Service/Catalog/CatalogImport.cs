using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using YamlDotNet.Core;
using YamlDotNet.Core.Events;
using YamlDotNet.RepresentationModel;

namespace LlmGateway.Routing.Catalog;

/// <summary>A LiteLLM file as changes of the catalogue: its deployments, and its rules of the models that it has.</summary>
internal sealed class CatalogImport
{
    private static readonly JsonSerializerOptions Plain = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    private const int MaxDepth = 30;

    private readonly List<StoredEntry> _deployments = [];
    private readonly List<StoredEntry> _models = [];

    public IReadOnlyList<string> Warnings { get; private init; } = [];

    public IReadOnlyList<string> Added { get; private set; } = [];

    public IReadOnlyList<string> Models { get; private set; } = [];

    public IReadOnlyList<string> Present { get; private set; } = [];

    /// <exception cref="CatalogException">The file is not valid.</exception>
    public static CatalogImport Read(string file)
    {
        var problems = new CatalogProblems("file");
        CheckForm(file, problems);
        using var text = new StringReader(problems.HasErrors ? "{ model_list: [] }" : file);
        var document = CatalogFile.Parse(text, problems);
        new CatalogValidator(problems).Check(document);
        foreach (var entry in document.Entries.Where(entry => entry.ApiKey is { } key && !KeyReference.IsReference(key.Value)))
        {
            problems.Error(entry.ApiKey!.Line, "api_key is a literal: write os.environ/NAME or file:PATH.");
        }

        if (problems.HasErrors)
        {
            // "file:7: …"
            throw new CatalogException(problems.Errors) { Messages = [.. problems.Errors.Select(error => "file line " + error[(error.IndexOf(':', StringComparison.Ordinal) + 1)..])] };
        }

        var import = new CatalogImport { Warnings = problems.Warnings };
        using var again = new StringReader(file);
        var list = (YamlSequenceNode)CatalogFile.Root(again, problems)!.Children[new YamlScalarNode("model_list")];
        foreach (var (node, entry) in list.Children.Zip(document.Entries))
        {
            import._deployments.Add(new StoredEntry(StoredKind.Deployment, entry.Id?.Value ?? $"{entry.Name!.Value}/{entry.Model!.Value}", Json(node)!.ToJsonString(Plain)));
        }

        foreach (var name in document.Entries.Select(entry => entry.Name!.Value).Distinct())
        {
            if (Rules(document, name) is { Count: > 0 } rules)
            {
                import._models.Add(new StoredEntry(StoredKind.Model, name, rules.ToJsonString(Plain)));
            }
        }

        return import;
    }

    /// <summary>All entries as they are to be.</summary>
    public IReadOnlyList<StoredEntry> AddTo(IReadOnlyList<StoredEntry> entries, CatalogSnapshot snapshot, out CatalogImport done)
    {
        var taken = entries.Where(entry => entry.Kind == StoredKind.Deployment).Select(entry => entry.Name)
            .Concat(snapshot.All.Select(deployment => deployment.Id)).ToHashSet();
        var added = _deployments.Where(entry => taken.Add(entry.Name)).ToList();
        Added = [.. added.Select(entry => entry.Name)];
        Present = [.. _deployments.Except(added).Select(entry => entry.Name)];
        Models = [.. _models.Select(entry => entry.Name)];
        done = this;
        return [.. entries.Where(entry => entry.Kind != StoredKind.Model || !Models.Contains(entry.Name)), .. added, .. _models];
    }

    private static JsonObject Rules(CatalogDocument document, string model)
    {
        var rules = new JsonObject();
        foreach (var (key, kind) in FallbackReader.Keys)
        {
            var rule = document.Router.Fallbacks.FirstOrDefault(fallback => fallback.Kind == kind && fallback.Model.Value == model)
                ?? document.Router.Fallbacks.FirstOrDefault(fallback => fallback.Kind == kind && fallback.Model.Value == FallbackReader.EveryModel);
            if (rule?.Targets.Select(target => target.Value).Where(target => target != model).ToList() is { Count: > 0 } targets)
            {
                rules[key] = new JsonArray([.. targets.Select(target => (JsonNode)target)]);
            }
        }

        if (document.Aliases.Where(alias => alias.Target == model).Select(alias => alias.Name).ToList() is { Count: > 0 } aliases)
        {
            rules["aliases"] = new JsonArray([.. aliases.Select(alias => (JsonNode)alias)]);
        }

        if (document.Router.Strategy is { } strategy)
        {
            rules["routing_strategy"] = strategy.Value;
        }

        return rules;
    }

    /// <summary>A file from elsewhere may refer to itself, or be a thousand levels deep: what walks its tree would not come back.</summary>
    private static void CheckForm(string file, CatalogProblems problems)
    {
        using var text = new StringReader(file);
        var parser = new Parser(text);
        var depth = 0;
        try
        {
            while (!problems.HasErrors && parser.MoveNext())
            {
                depth += parser.Current!.NestingIncrease;
                if (parser.Current is AnchorAlias)
                {
                    problems.Error(parser.Current.Start.Line, "Aliases (*name) are not read here: write the value out.");
                }
                else if (depth > MaxDepth)
                {
                    problems.Error(parser.Current.Start.Line, "The file is nested too deeply.");
                }
            }
        }
        catch (YamlException)
        {
            // Parsing says where.
        }
    }

    // Quoted or not, a scalar is read as a text again.
    private static JsonNode? Json(YamlNode node) => node switch
    {
        YamlMappingNode mapping => new JsonObject(mapping.Children.Select(member =>
            KeyValuePair.Create(((YamlScalarNode)member.Key).Value!, Json(member.Value)))),
        YamlSequenceNode list => new JsonArray([.. list.Children.Select(Json)]),
        YamlScalarNode { Style: ScalarStyle.Plain, Value: null or "" } => null,
        YamlScalarNode scalar => scalar.Value,
        _ => throw new InvalidOperationException($"{node.NodeType} has no form in JSON."),
    };
}
