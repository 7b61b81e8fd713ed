using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Logging;

namespace LlmGateway.ServiceDefaults.Logging;

/// <summary>
/// Levels that are changed while the process runs: a source of configuration above all others, so that the framework's own filter takes them
/// up, and <see cref="LogFloors"/> stays below. They last until the process ends.
/// </summary>
public sealed class LogLevels : ConfigurationProvider, IConfigurationSource
{
    public const string DefaultCategory = "Default";

    private const string Section = "Logging:LogLevel";
    private const int MostCategories = 100;
    private const int LongestCategory = 200;

    private readonly Lock _changing = new();

    public IConfigurationProvider Build(IConfigurationBuilder builder) => this;

    /// <summary>By category, as configured or as changed since.</summary>
    public static SortedDictionary<string, string> Current(IConfiguration configuration)
    {
        var levels = new SortedDictionary<string, string>(StringComparer.Ordinal) { [DefaultCategory] = LevelNames.Of(LogLevel.Information) };
        foreach (var entry in configuration.GetSection(Section).GetChildren())
        {
            if (Enum.TryParse<LogLevel>(entry.Value, ignoreCase: true, out var level))
            {
                levels[entry.Key] = LevelNames.Of(level);
            }
        }

        return levels;
    }

    /// <summary>A beginning of names of types. No wildcard: the filter fails at a second one, for every line.</summary>
    public static bool IsCategory(string category) => category.Length is > 0 and <= LongestCategory
        && category.All(character => char.IsAsciiLetterOrDigit(character) || character is '.' or '_' or '+' or '-');

    /// <summary>False: so many categories have been changed already that one more is refused.</summary>
    public bool Change(string category, LogLevel level)
    {
        lock (_changing)
        {
            var key = ConfigurationPath.Combine(Section, category);
            if (!Data.ContainsKey(key) && Data.Count >= MostCategories)
            {
                return false;
            }

            // Replaced and not changed: others read it meanwhile.
            Data = new Dictionary<string, string?>(Data, StringComparer.OrdinalIgnoreCase) { [key] = level.ToString() };
            OnReload();
            return true;
        }
    }
}
