using YamlDotNet.Core;
using YamlDotNet.RepresentationModel;

namespace LlmGateway.AppHost;

/// <summary>What a LiteLLM file says that is no matter of Routing.Service, which reads the rest of it.</summary>
internal static class ModelsFile
{
    private const string Reference = "os.environ/";

    /// <summary>general_settings.master_key: LiteLLM's administrator's key. Null without one, or where Routing.Service will refuse the file.</summary>
    /// <param name="path">MODELS_FILE; null for none.</param>
    /// <param name="value">A variable by its name.</param>
    public static string? MasterKey(string? path, Func<string, string?> value)
    {
        if (path is null || !File.Exists(path))
        {
            return null;
        }

        var yaml = new YamlStream();
        try
        {
            using var text = File.OpenText(path);
            yaml.Load(text);
        }
        catch (YamlException)
        {
            return null;
        }

        var key = yaml.Documents.Count > 0 && Member(yaml.Documents[0].RootNode, "general_settings") is { } general
            ? (Member(general, "master_key") as YamlScalarNode)?.Value
            : null;
        return key?.StartsWith(Reference, StringComparison.Ordinal) == true ? value(key[Reference.Length..]) : string.IsNullOrWhiteSpace(key) ? null : key;
    }

    private static YamlNode? Member(YamlNode node, string name) =>
        node is YamlMappingNode mapping && mapping.Children.TryGetValue(new YamlScalarNode(name), out var member) ? member : null;
}
