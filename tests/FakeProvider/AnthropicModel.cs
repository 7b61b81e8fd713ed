using System.Globalization;
using System.Text.RegularExpressions;

namespace LlmGateway.FakeProvider;

/// <summary>
/// What Anthropic's models refuse, read from their names: claude-opus-4-8, claude-3-5-haiku-20241022. A name that is not of this form is a
/// test's own, and such a model takes everything.
/// </summary>
internal sealed partial class AnthropicModel
{
    private readonly string _family = "";

    public AnthropicModel(string name)
    {
        if (NewName().Match(name) is { Success: true } match || (match = OldName().Match(name)).Success)
        {
            _family = match.Groups["family"].Value;
            Version = decimal.Parse($"{match.Groups["major"].Value}.{(match.Groups["minor"].Success ? match.Groups["minor"].Value : "0")}", CultureInfo.InvariantCulture);
        }
    }

    public bool IsKnown => _family.Length > 0;

    public decimal Version { get; }

    /// <summary>Temperature and top_p other than the defaults.</summary>
    public bool Samples => !IsKnown || Version < 4.7m;

    public bool TemperatureWithTopP => !IsKnown || Version < 4;

    /// <summary>tool_choice any and tool, and thinking disabled.</summary>
    public bool ForcesTools => !IsKnown || !(_family == "fable" ? Version >= 5.1m : Version >= 5.5m);

    public bool TakesBudgets => !IsKnown || Version < 4.7m;

    /// <summary>Instructions in the middle of a conversation.</summary>
    public bool TakesSystemTurns => !IsKnown || (Version >= 4.8m && _family != "sonnet");

    public long MaxTokens => this switch
    {
        { IsKnown: false } => long.MaxValue,
        { Version: >= 4.6m } => 128_000,
        { Version: >= 4.5m } => 64_000,
        { Version: >= 4m } => _family == "opus" ? 32_000 : 64_000,
        _ => 64_000,
    };

    [GeneratedRegex(@"^claude-(?<family>opus|sonnet|haiku|fable)-(?<major>\d)(-(?<minor>\d))?(-\d{8})?$", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex NewName();

    [GeneratedRegex(@"^claude-(?<major>\d)(-(?<minor>\d))?-(?<family>opus|sonnet|haiku)(-\d{8})?$", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex OldName();
}
