using System.Globalization;
using System.Text.RegularExpressions;

namespace LlmGateway.FakeProvider;

/// <summary>What OpenAI's reasoning models refuse, read from their names: o3, gpt-5-mini, gpt-5.6-sol. Any other name takes everything.</summary>
internal sealed partial class OpenAiModel(string name)
{
    private readonly Match _gpt = Gpt().Match(name);

    public bool Reasons => OSeries().IsMatch(name) || _gpt.Success;

    public bool OnlyResponses => Reasons && (name.Contains("-pro", StringComparison.Ordinal) || name.Contains("-codex", StringComparison.Ordinal));

    /// <summary>Sampling is possible when the client turns reasoning off.</summary>
    public bool SamplesWithoutEffort => Version is >= 5.1m and < 6;

    /// <summary>Function tools need reasoning_effort none, said (true) or at least not contradicted (false); null: they go with any.</summary>
    public bool? ToolsNeedNone => Version switch
    {
        >= 5.6m => true,
        >= 5.4m => false,
        _ => null,
    };

    private decimal Version => _gpt.Success ? decimal.Parse(_gpt.Groups["version"].Value, CultureInfo.InvariantCulture) : 0;

    [GeneratedRegex(@"^o\d(-|$)", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex OSeries();

    [GeneratedRegex(@"^gpt-(?<version>[5-9](\.\d)?)(?!.*-chat)", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Gpt();
}
