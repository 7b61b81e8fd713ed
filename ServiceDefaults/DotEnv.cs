using System.Text.RegularExpressions;

namespace LlmGateway.ServiceDefaults;

/// <summary>
/// A <c>.env</c> file as users of such gateways have it. No library, because none cuts comments and drops placeholders:
/// <code>
/// # a comment
/// export OPENAI_BASE_URL=http://localhost:11434/v1   # the rest is a comment
/// OPENAI_API_KEY="sk-with # inside"
/// ANTHROPIC_API_KEY=your_anthropic_api_key_here
/// </code>
/// </summary>
internal sealed partial class DotEnv
{
    /// <summary>Another file's path, or <c>/dev/null</c> for none: tests must not find a developer's keys.</summary>
    public const string PathVariable = "LLMGATEWAY_ENV_FILE";
    private const string SolutionFile = "LlmGateway.sln";

    public Dictionary<string, string> Values { get; } = new(StringComparer.OrdinalIgnoreCase);

    public List<string> Warnings { get; } = [];

    /// <summary>The file beside the solution that the folder belongs to; empty when there is neither.</summary>
    /// <param name="contentRoot">Of the host.</param>
    /// <param name="given">The value of <see cref="PathVariable"/>.</param>
    public static DotEnv ReadFor(string contentRoot, string? given)
    {
        var path = string.IsNullOrEmpty(given) ? PathBesideSolution(contentRoot) : given;
        return Parse(File.Exists(path) ? File.ReadAllText(path) : "");
    }

    public static DotEnv Parse(string text)
    {
        var file = new DotEnv();
        var number = 0;
        foreach (var line in text.TrimStart('\uFEFF').Split('\n'))
        {
            number++;
            file.ReadLine(line.Trim(), number);
        }

        return file;
    }

    private static string? PathBesideSolution(string contentRoot)
    {
        for (var folder = new DirectoryInfo(contentRoot); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, SolutionFile)))
            {
                return Path.Combine(folder.FullName, ".env");
            }
        }

        return null;
    }

    private void ReadLine(string line, int number)
    {
        if (line.Length == 0 || line.StartsWith('#'))
        {
            return;
        }

        var match = Assignment().Match(line);
        if (!match.Success)
        {
            Warnings.Add($".env, line {number}: not of the form NAME=value, and ignored.");
            return;
        }

        var (name, value) = (match.Groups["name"].Value, Unquote(match.Groups["value"].Value));
        if (Placeholder().IsMatch(value))
        {
            Warnings.Add($".env, line {number}: {name} still has its placeholder and counts as unset.");
        }
        else if (value.Length > 0)
        {
            Values[name] = value;
        }
    }

    private static string Unquote(string text)
    {
        if (text is ['"' or '\'', ..] && text.IndexOf(text[0], 1) is > 0 and var end)
        {
            return text[1..end];
        }

        // A '#' inside a word belongs to the value: http://host/#fragment.
        var comment = Comment().Match(text);
        return comment.Success ? text[..comment.Index].TrimEnd() : text;
    }

    [GeneratedRegex(
        @"^(?:export\s+)?(?<name>[A-Za-z_][A-Za-z0-9_.]*)\s*=\s*(?<value>.*)$", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Assignment();

    [GeneratedRegex(@"(?:^|\s)#", RegexOptions.None, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Comment();

    [GeneratedRegex("^your[_-].*[_-]here$", RegexOptions.IgnoreCase, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Placeholder();
}
