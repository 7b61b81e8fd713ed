using System.CommandLine;
using System.Globalization;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace LlmGateway.Cli.Keys;

/// <summary>The options of a key's or a tariff's limits; each command has its own set.</summary>
internal sealed partial class LimitOptions
{
    private const string None = "none";

    private readonly IReadOnlyList<(Option<string?> Option, string Member, bool IsMoney)> _options;
    private readonly bool _removable;

    /// <param name="removable">"none" takes a limit away.</param>
    public LimitOptions(bool removable)
    {
        _removable = removable;
        _options =
        [
            Tokens("--limit", "total_tokens", "Tokens over the whole life."),
            Tokens("--daily-tokens", "daily_tokens", "Tokens per UTC day."),
            Tokens("--monthly-tokens", "monthly_tokens", "Tokens per UTC month."),
            Money("--usd", "total_usd", "USD over the whole life, like 12.50."),
            Money("--daily-usd", "daily_usd", "USD per UTC day."),
            Money("--monthly-usd", "monthly_usd", "USD per UTC month."),
            Count("--rpm", "requests_per_minute", "Requests per minute."),
            Count("--rph", "requests_per_hour", "Requests per hour."),
            Tokens("--tpm", "tokens_per_minute", "Tokens per minute."),
            Count("--parallel", "parallel", "Calls at the same time."),
        ];
    }

    public void AddTo(Command command)
    {
        foreach (var (option, _, _) in _options)
        {
            command.Options.Add(option);
        }
    }

    /// <summary>The limits that were given, null for those to be taken away.</summary>
    public JsonObject Read(ParseResult parsed)
    {
        var limits = new JsonObject();
        foreach (var (option, member, isMoney) in _options)
        {
            if (parsed.GetValue(option) is { } text)
            {
                limits[member] = Value(option.Name, text, isMoney);
            }
        }

        return limits;
    }

    private JsonValue? Value(string name, string text, bool isMoney)
    {
        if (_removable && text == None)
        {
            return null;
        }

        if (isMoney)
        {
            return Amount().IsMatch(text)
                ? JsonValue.Create(decimal.Parse(text, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture))
                : throw Unusable(name, "an amount like 12.50, with at most 9 decimal places");
        }

        return long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var count)
            ? JsonValue.Create(count)
            : throw Unusable(name, "a whole number like 50000");
    }

    private FailedException Unusable(string name, string must) => new($"{name} must be {must}{(_removable ? $", or {None}" : "")}.");

    private static (Option<string?> Option, string Member, bool IsMoney) Tokens(string name, string member, string what) => (Make(name, "tokens", what), member, false);

    private static (Option<string?> Option, string Member, bool IsMoney) Count(string name, string member, string what) => (Make(name, "number", what), member, false);

    private static (Option<string?> Option, string Member, bool IsMoney) Money(string name, string member, string what) => (Make(name, "usd", what), member, true);

    private static Option<string?> Make(string name, string value, string what) => new(name) { Description = what, HelpName = value };

    [GeneratedRegex(@"^[0-9]{1,10}(\.[0-9]{1,9})?$", RegexOptions.ExplicitCapture | RegexOptions.CultureInvariant, 1000)]
    private static partial Regex Amount();
}
