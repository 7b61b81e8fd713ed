using System.Globalization;
using System.Text;

namespace LlmGateway.ServiceDefaults;

/// <summary>A value in the form its configuration key wants, or what is wrong with it (a sentence's rest, after the name).</summary>
internal readonly record struct FlatValue(string? Value, string? Error)
{
    public static implicit operator FlatValue(string value) => new(value, null);

    public static FlatValue Wrong(string error) => new(null, error);
}

/// <summary>The kinds of value that flat names have. Secrets are never repeated in an error.</summary>
internal static class FlatValues
{
    private const int LongestSecret = 512;

    public static FlatValue Text(string text) => text;

    public static Func<string, FlatValue> TextOfBytes(int least) => text => Encoding.UTF8.GetByteCount(text) < least
        ? FlatValue.Wrong($"must have {least} bytes at least.")
        : text;

    public static Func<string, FlatValue> OneOf(params string[] known) => text =>
        known.FirstOrDefault(value => value.Equals(text, StringComparison.OrdinalIgnoreCase)) is { } match
            ? match
            : FlatValue.Wrong($"'{text}' is not one of {string.Join(", ", known)}.");

    public static FlatValue Flag(string text) => text.ToLowerInvariant() switch
    {
        "true" or "1" or "yes" or "on" => "true",
        "false" or "0" or "no" or "off" => "false",
        _ => FlatValue.Wrong($"'{text}' is neither true nor false."),
    };

    public static Func<string, FlatValue> AtLeast(long least) => text =>
        long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number) && number >= least
            ? number.ToString(CultureInfo.InvariantCulture)
            : FlatValue.Wrong($"'{text}' is not a whole number of {least} or more.");

    public static FlatValue Port(string text) => ushort.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var port) && port > 0
        ? port.ToString(CultureInfo.InvariantCulture)
        : FlatValue.Wrong($"'{text}' is not a port number (1 to 65535).");

    public static FlatValue Seconds(string text) => TryDecimal(text, out var seconds)
        ? Number(seconds)
        : FlatValue.Wrong($"'{text}' is not a number of seconds.");

    /// <summary>In USD. The ledger counts nano-dollars, so a tenth decimal has no meaning.</summary>
    public static FlatValue Amount(string text) => TryDecimal(text, out var amount) && amount.Scale <= 9
        ? Number(amount)
        : FlatValue.Wrong($"'{text}' is not an amount in USD of 9 decimals at most.");

    /// <summary>A fraction (0.25), set as the percentage (25) that the configuration key wants.</summary>
    public static FlatValue Percentage(string text) => TryDecimal(text, out var fraction)
        ? Number(fraction * 100)
        : FlatValue.Wrong($"'{text}' is not a fraction such as 0.25.");

    public static FlatValue Share(string text) => TryDecimal(text, out var share) && share <= 1
        ? Number(share)
        : FlatValue.Wrong($"'{text}' is not a number from 0 to 1.");

    public static FlatValue LogLevel(string text) => text.ToUpperInvariant() switch
    {
        "TRACE" => "Trace",
        "DEBUG" => "Debug",
        "INFO" or "INFORMATION" => "Information",
        "WARNING" or "WARN" => "Warning",
        "ERROR" => "Error",
        "CRITICAL" or "FATAL" => "Critical",
        _ => FlatValue.Wrong($"'{text}' is not one of DEBUG, INFO, WARNING, ERROR."),
    };

    public static FlatValue HostEnvironment(string text) => text.ToLowerInvariant() switch
    {
        "development" or "dev" => "Development",
        "staging" => "Staging",
        "production" or "prod" => "Production",
        _ => FlatValue.Wrong($"'{text}' is not one of development, staging, production."),
    };

    /// <summary>"litellm" means providers as they are, one of which is then LiteLLM's proxy.</summary>
    public static FlatValue Mode(string text)
    {
        var mode = OneOf("live", "litellm", "mock")(text);
        return mode.Value == "litellm" ? "live" : mode;
    }

    public static FlatValue Url(string text) => Uri.TryCreate(text, UriKind.Absolute, out var url) && url.Scheme is "http" or "https"
        ? text.TrimEnd('/')
        : FlatValue.Wrong("is not an http:// or https:// address.");

    /// <summary>Users give the server, its /v1, or the full path of completions; the base that a client appends to ends in /v1.</summary>
    public static FlatValue OpenAiBaseUrl(string text)
    {
        var url = Url(text);
        if (url.Value is not { } address)
        {
            return url;
        }

        foreach (var ending in (ReadOnlySpan<string>)["/chat/completions", "/completions"])
        {
            address = address.EndsWith(ending, StringComparison.OrdinalIgnoreCase) ? address[..^ending.Length] : address;
        }

        return address.EndsWith("/v1", StringComparison.OrdinalIgnoreCase) ? address : address + "/v1";
    }

    public static FlatValue Secret(string text) => IsSecret(text)
        ? text
        : FlatValue.Wrong($"must be 1 to {LongestSecret} printable ASCII characters.");

    /// <summary>A comma list or a JSON array; set as a comma list.</summary>
    public static FlatValue Secrets(string text)
    {
        var list = StringList.Parse(text);
        return list is not null && list.All(IsSecret)
            ? string.Join(',', list)
            : FlatValue.Wrong($"must be a comma list or a JSON array of keys, each 1 to {LongestSecret} printable ASCII characters without a comma.");
    }

    /// <summary>A comma list or a JSON array; set with the separator that the configuration key wants.</summary>
    public static Func<string, FlatValue> List(char separator) => text => StringList.Parse(text) is { } list
        ? string.Join(separator, list)
        : FlatValue.Wrong("is neither a comma list nor a JSON array of strings.");

    public static FlatValue PostgresUrl(string text) => StoreUrls.Postgres(text);

    public static FlatValue RedisUrl(string text) => StoreUrls.Redis(text);

    public static FlatValue RedisPassword(string text) => StoreUrls.RedisPassword(text);

    public static string RedisConnectionString(string host, string? port, string? database, string? password, bool tls) =>
        StoreUrls.RedisConnectionString(host, port, database, password, tls);

    private static bool IsSecret(string text) =>
        text.Length is > 0 and <= LongestSecret && text.All(character => character is > ' ' and <= '~' and not ',');

    private static bool TryDecimal(string text, out decimal number) =>
        decimal.TryParse(text, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out number);

    // Without trailing zeros: 0.25 * 100 is 25.00.
    private static string Number(decimal number) => number.ToString("0.#############################", CultureInfo.InvariantCulture);
}
