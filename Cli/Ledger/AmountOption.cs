using System.CommandLine;
using System.Globalization;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace LlmGateway.Cli.Ledger;

/// <summary>An amount of USD, exact to the nano-dollar.</summary>
internal static partial class AmountOption
{
    public static Option<string?> Make(string description, bool required) =>
        new("--amount") { Description = description, HelpName = "usd", Required = required };

    /// <summary>Null where it is not given.</summary>
    public static JsonValue? Read(ParseResult parsed, Option<string?> option) =>
        parsed.GetText(option) is not { } text ? null
        : Amount().IsMatch(text) ? JsonValue.Create(decimal.Parse(text, NumberStyles.AllowDecimalPoint | NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture))
        : throw new FailedException($"{option.Name} must be an amount of USD like 12.50, with at most 9 decimal places.");

    [GeneratedRegex(@"^-?[0-9]{1,10}(\.[0-9]{1,9})?$", RegexOptions.ExplicitCapture | RegexOptions.CultureInvariant, 1000)]
    private static partial Regex Amount();
}
