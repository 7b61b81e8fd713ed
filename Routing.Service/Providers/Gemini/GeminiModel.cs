using System.Globalization;
using System.Text.RegularExpressions;

namespace LlmGateway.Routing.Providers.Gemini;

/// <summary>How a model is told how long to think. Both ways in one request are an error.</summary>
internal enum GeminiThinking
{
    None,

    /// <summary>thinkingBudget: a number of tokens.</summary>
    Budget,

    /// <summary>thinkingLevel: a word.</summary>
    Level,
}

/// <summary>
/// What a family of models can do, by its name (ai.google.dev/gemini-api/docs/models and /thinking). A name without a number that is known
/// ("gemini-flash-latest") is taken for the newest.
/// </summary>
internal sealed partial record GeminiModel
{
    private static readonly Version Newest = new(99, 0);

    public GeminiThinking Thinking { get; private init; }

    /// <summary>Thinking cannot be turned off, only kept short.</summary>
    public bool AlwaysThinks { get; private init; }

    /// <summary>The shortest thinking that there is a word for.</summary>
    public string LeastLevel { get; private init; } = "low";

    /// <summary>Function calls of the current turn must come back with the signature of the thought that led to them.</summary>
    public bool ChecksSignatures { get; private init; }

    /// <summary>JSON output and tools in one request.</summary>
    public bool JsonWithTools { get; private init; }

    public bool SystemInstruction { get; private init; } = true;

    public bool Penalties { get; private init; } = true;

    public bool Logprobs { get; private init; }

    /// <summary>Most answers to one request.</summary>
    public int MostCandidates { get; private init; } = 1;

    /// <param name="name">The provider's name of the model.</param>
    public static GeminiModel Of(string name)
    {
        if (name.StartsWith("gemma", StringComparison.OrdinalIgnoreCase))
        {
            return new() { SystemInstruction = false };
        }

        var version = VersionOf(name);
        var pro = name.Contains("pro", StringComparison.OrdinalIgnoreCase);
        return version switch
        {
            { Major: < 2 } or { Major: 2, Minor: < 5 } => new() { Logprobs = true, MostCandidates = 8 },
            { Major: 2 } => new() { Thinking = GeminiThinking.Budget, AlwaysThinks = pro, Penalties = false, Logprobs = !pro, MostCandidates = 8 },
            _ => new()
            {
                Thinking = GeminiThinking.Level,
                AlwaysThinks = true,
                // 3.1 Pro, 3.7, 3.8 and 4 know no "minimal".
                LeastLevel = version < new Version(3, 7) && !pro ? "minimal" : "low",
                ChecksSignatures = true,
                JsonWithTools = true,
            },
        };
    }

    private static Version VersionOf(string name)
    {
        var match = Number().Match(name);
        return match.Success
            ? new Version(Part(match.Groups["major"]), match.Groups["minor"].Success ? Part(match.Groups["minor"]) : 0)
            : Newest;

        static int Part(Group group) => int.Parse(group.ValueSpan, NumberStyles.None, CultureInfo.InvariantCulture);
    }

    [GeneratedRegex(@"^(models/)?gemini-(?<major>\d{1,3})(\.(?<minor>\d{1,3}))?(?![\d.])", RegexOptions.ExplicitCapture | RegexOptions.IgnoreCase, 1000)]
    private static partial Regex Number();
}
