using System.Globalization;

namespace LlmGateway.Routing.Providers.Anthropic;

internal enum AnthropicThinking
{
    None,

    /// <summary>thinking:{"type":"enabled","budget_tokens":n}</summary>
    Budget,

    /// <summary>thinking:{"type":"adaptive"}, and how much by output_config.effort.</summary>
    Adaptive,
}

/// <summary>
/// What a Claude model can do, by its name: what platform.claude.com/docs says and Anthropic's API refuses, as the models' table of
/// @ai-sdk/anthropic 4 has it too. A name without a version, or of an unknown family, is taken for the newest of its family.
/// </summary>
internal sealed record AnthropicModel
{
    private const int Unknown = int.MaxValue;

    /// <summary>The largest max_tokens, where the catalogue says none.</summary>
    public required long MaxOutputTokens { get; init; }

    /// <summary>temperature, top_p and top_k are no error.</summary>
    public required bool TakesSampling { get; init; }

    /// <summary>temperature and top_p may be given together.</summary>
    public required bool TakesTemperatureWithTopP { get; init; }

    public required AnthropicThinking Thinking { get; init; }

    /// <summary>thinking:{"type":"disabled"} is no error.</summary>
    public required bool MayDisableThinking { get; init; }

    /// <summary>thinking:{"type":"between_tools"} is the least there is.</summary>
    public required bool ThinksBetweenTools { get; init; }

    public required bool TakesXhighEffort { get; init; }

    /// <summary>tool_choice may be "any" or "tool".</summary>
    public required bool TakesForcedTools { get; init; }

    /// <summary>The last message may be the beginning of the answer.</summary>
    public required bool TakesPrefill { get; init; }

    /// <summary>output_config.format, and strict tools.</summary>
    public required bool TakesOutputFormat { get; init; }

    /// <summary>{"role":"system"} among the messages, after a user's.</summary>
    public required bool TakesSystemTurns { get; init; }

    public static AnthropicModel Of(string name)
    {
        var parts = name.ToLowerInvariant().Split(['-', '.', '@', ':', '/', '_']);
        var (opus, sonnet, haiku, fable) = (parts.Contains("opus"), parts.Contains("sonnet"), parts.Contains("haiku"), parts.Contains("fable"));
        var version = name.Contains("claude", StringComparison.OrdinalIgnoreCase) ? Version(parts) : Unknown;
        return new AnthropicModel
        {
            MaxOutputTokens = version switch
            {
                < 305 => 4096,
                < 307 => 8192,
                >= 400 and <= 401 when opus => 32_000,
                < 406 => 64_000,
                _ => 128_000,
            },
            TakesSampling = version < 407,
            TakesTemperatureWithTopP = version < 400,
            Thinking = version < 307 ? AnthropicThinking.None : version < 406 ? AnthropicThinking.Budget : AnthropicThinking.Adaptive,
            MayDisableThinking = haiku || version < (fable ? 500 : 505),
            ThinksBetweenTools = sonnet && version >= 505,
            TakesXhighEffort = version >= 407,
            TakesForcedTools = haiku || version < (fable ? 501 : 505),
            TakesPrefill = version < 406,
            TakesOutputFormat = version >= 405 || (opus && version == 401),
            TakesSystemTurns = (opus || haiku || fable) && version >= 408,
        };
    }

    // claude-opus-4-1-20250805 is 401, claude-3-5-sonnet-20241022 is 305, claude-2.1 is 201, claude-opus-4-20250514 is 400.
    private static int Version(string[] parts)
    {
        var first = Array.FindIndex(parts, IsNumber);
        if (first < 0)
        {
            return Unknown;
        }

        var minor = first + 1 < parts.Length && IsNumber(parts[first + 1]) ? Number(parts[first + 1]) : 0;
        return (Number(parts[first]) * 100) + minor;
    }

    // Longer ones are dates.
    private static bool IsNumber(string part) => part.Length is 1 or 2 && part.All(char.IsAsciiDigit);

    private static int Number(string part) => int.Parse(part, CultureInfo.InvariantCulture);
}
