using System.CommandLine;

namespace LlmGateway.Cli;

internal static class OptionalText
{
    /// <summary>Null where it is not given. An empty one is a script's unset variable, and must not mean everything or the default.</summary>
    public static string? GetText(this ParseResult parsed, Option<string?> option)
    {
        var text = parsed.GetValue(option);
        return text is null || !string.IsNullOrWhiteSpace(text) ? text : throw new FailedException($"{option.Name} must not be empty.");
    }
}
