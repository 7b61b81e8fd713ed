using System.Text.Json;
using System.Text.Json.Serialization;

namespace Aspire.Hosting.Projects;

/// <summary>Properties/launchSettings.json of a project.</summary>
internal sealed record LaunchSettings
{
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web)
    {
        AllowTrailingCommas = true,
        ReadCommentHandling = JsonCommentHandling.Skip,
    };

    // Not a dictionary: "the first profile" is by order in the file.
    [JsonPropertyName("profiles")]
    public OrderedDictionary<string, LaunchProfile> Profiles { get; init; } = [];

    public static LaunchSettings Read(string projectDirectory)
    {
        var path = Path.Combine(projectDirectory, "Properties", "launchSettings.json");
        if (!File.Exists(path))
        {
            return new LaunchSettings();
        }

        try
        {
            return JsonSerializer.Deserialize<LaunchSettings>(File.ReadAllText(path), Json) ?? new LaunchSettings();
        }
        catch (JsonException e)
        {
            throw new DistributedApplicationException($"{path} is not a launch settings file: {e.Message}", e);
        }
    }

    /// <summary>The profile by AppHost's rule: the named one, else AppHost's own, else the first that runs the project.</summary>
    /// <exception cref="DistributedApplicationException">A profile is named that the file does not have.</exception>
    public (string Name, LaunchProfile Profile)? Choose(string? named, string? appHosts, string projectPath)
    {
        if (named is not null)
        {
            return Profiles.TryGetValue(named, out var explicitly) ? (named, explicitly) : throw new DistributedApplicationException(
                $"Launch settings of '{projectPath}' do not contain a profile named '{named}'.");
        }

        if (appHosts is not null && Profiles.TryGetValue(appHosts, out var same))
        {
            return (appHosts, same);
        }

        return First() is { } first ? (first.Key, first.Value) : null;
    }

    public KeyValuePair<string, LaunchProfile>? First()
    {
        foreach (var profile in Profiles.Where(p => p.Value.CommandName is "Project" or "Executable"))
        {
            return profile;
        }

        return null;
    }
}

internal sealed record LaunchProfile
{
    public string? CommandName { get; init; }

    /// <summary>Addresses separated by semicolons.</summary>
    public string? ApplicationUrl { get; init; }

    public Dictionary<string, string> EnvironmentVariables { get; init; } = [];

    public IEnumerable<Uri> Addresses => (ApplicationUrl ?? "")
        .Split(';', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)
        .Select(address => new Uri(ListenAddress.ToUri(address)));
}
