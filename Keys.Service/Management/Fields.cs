using System.Globalization;
using System.Text;
using Google.Protobuf.WellKnownTypes;
using LlmGateway.Keys.ApiKeys;
using LlmGateway.Keys.Limits;
using LlmGateway.Protos.Keys.V1;

namespace LlmGateway.Keys.Management;

/// <summary>
/// Looks at a request's fields in a fixed order and keeps the first that is wrong. Remembers every free text besides, which
/// <see cref="SecretsInText"/> looks through for keys.
/// </summary>
/// <param name="prefix">Of the paths: <c>keys[3].</c></param>
internal sealed class Fields(string prefix = "")
{
    private const int LongestName = 128;
    private const int LongestDescription = 1024;
    private const int MostLabels = 32;
    private const int MostPatterns = 256;
    private static readonly TimeSpan LongestLife = TimeSpan.FromDays(36_525);
    private static readonly TimeSpan LongestOverlap = TimeSpan.FromDays(30);

    /// <summary>The first; null when all is well so far.</summary>
    public Rejection? Problem { get; private set; }

    public List<(string Field, string Text)> Texts { get; } = [];

    public Fields Must(bool holds, string field, string must)
    {
        if (!holds)
        {
            Problem ??= Refused.Invalid(prefix + field, must);
        }

        return this;
    }

    /// <summary>Those of a part, which has its own prefix.</summary>
    public Fields And(Fields part)
    {
        Problem ??= part.Problem;
        Texts.AddRange(part.Texts);
        return this;
    }

    /// <summary>The field of the prefix itself.</summary>
    public Fields LooksLikeSecret()
    {
        Problem ??= SecretsInText.LooksLikeOne(prefix);
        return this;
    }

    // Ids are no free text: a secret of configuration may well be a word that an account is called ("admin"), which must not lock that account.
    // A key that was pasted as a new id is found where the account or the tariff is made.
    public Fields AccountId(string field, string id) => Must(
        IsId(id, 128, "_.@:-") && IsAddressable(id), field, "must be 1 to 128 of the characters A-Z, a-z, 0-9, '_', '.', '@', ':' and '-', and neither '.' nor '..'.");

    public Fields TariffId(string field, string id) => Must(
        IsId(id, 64, "_.-") && IsAddressable(id), field, "must be 1 to 64 of the characters A-Z, a-z, 0-9, '_', '.' and '-', and neither '.' nor '..'.");

    public Fields Name(string field, string name) => Text(field, name)
        .Must(name.Length <= LongestName && !string.IsNullOrWhiteSpace(name), field, $"must be 1 to {LongestName} characters, not all of them spaces.")
        .Must(IsPlain(name), field, "must not have control characters.");

    public Fields Description(string description) => Text("description", description)
        .Must(description.Length <= LongestDescription, "description", $"must be {LongestDescription} characters at most.")
        .Must(IsPlain(description), "description", "must not have control characters.");

    public Fields Labels(IDictionary<string, string> labels)
    {
        Must(labels.Count <= MostLabels, "labels", $"must be {MostLabels} at most.");

        // In an order of their own: a map's is not the sender's.
        foreach (var (index, (name, value)) in labels.OrderBy(label => label.Key, StringComparer.Ordinal).Index())
        {
            // A name that is no name is not repeated, nor one that may be a secret: only the database knows those of any form.
            var isName = IsId(name, 64, "_.-");
            Must(isName, "labels", "must have names of 1 to 64 of the characters A-Z, a-z, 0-9, '_', '.' and '-'.");
            var position = string.Create(CultureInfo.InvariantCulture, $"labels[{index}]");
            Text(position, name);
            var field = isName && !KeySecret.IsIn(name) ? $"labels.{name}" : position;
            Text(field, value).Must(value.Length <= 256 && IsPlain(value), field, "must be 256 characters at most, none of them a control character.");
        }

        return this;
    }

    public Fields AllowedModels(IList<string> patterns)
    {
        Must(patterns.Count <= MostPatterns, "allowed_models", $"must be {MostPatterns} patterns at most.");
        for (var index = 0; index < patterns.Count; index++)
        {
            var field = string.Create(CultureInfo.InvariantCulture, $"allowed_models[{index}]");
            var pattern = patterns[index];
            Text(field, pattern).Must(
                pattern.Length <= 256 && !string.IsNullOrWhiteSpace(pattern) && IsPlain(pattern),
                field,
                "must be 1 to 256 characters, none of them a control character.");
        }

        return this;
    }

    public Fields Limits(KeyLimits limits) =>
        Tokens("total_tokens", limits.TotalTokens).Tokens("daily_tokens", limits.DailyTokens).Tokens("monthly_tokens", limits.MonthlyTokens)
            .Money("total_usd", limits.TotalNanoUsd).Money("daily_usd", limits.DailyNanoUsd).Money("monthly_usd", limits.MonthlyNanoUsd)
            .Count("requests_per_minute", limits.RequestsPerMinute).Count("requests_per_hour", limits.RequestsPerHour)
            .Tokens("tokens_per_minute", limits.TokensPerMinute).Count("parallel", limits.Parallel);

    public Fields ExpiresAt(Timestamp? at, DateTimeOffset now) => at is null ? this : Must(
        Moment.Of(at) is { } moment && moment > now && moment <= now + LongestLife, "expires_at", "must be in the future, and within 100 years.");

    /// <param name="from">Unset is now.</param>
    /// <param name="now">The moment of the request.</param>
    public Fields EffectiveFrom(Timestamp? from, DateTimeOffset now) => from is null ? this : Must(
        Moment.Of(from) is { } moment && moment >= now && moment <= now + LongestLife, "effective_from", "must not be in the past, and within 100 years.");

    public Fields Overlap(Duration? overlap) => Must(
        overlap is null || (overlap.Seconds >= 0 && overlap.Nanos is >= 0 and < 1_000_000_000
            && (overlap.Seconds < LongestOverlap.TotalSeconds || (overlap.Seconds == LongestOverlap.TotalSeconds && overlap.Nanos == 0))),
        "overlap",
        "must be 0 to 30 days.");

    private Fields Text(string field, string text)
    {
        if (text.Length > 0)
        {
            Texts.Add((prefix + field, text));
        }

        return this;
    }

    private Fields Tokens(string limit, long? value) => Range(limit, value, KeyLimits.MaxTokens, "tokens");

    private Fields Count(string limit, long? value) => Range(limit, value, KeyLimits.MaxCount, "");

    private Fields Money(string limit, long? value) => Must(
        value is null or (>= 0 and <= KeyLimits.MaxNanoUsd), $"limits.{limit}", "must be 0 to 1000000000 USD.");

    private Fields Range(string limit, long? value, long most, string unit) => Must(
        value is null || (value >= 0 && value <= most),
        $"limits.{limit}",
        string.Create(CultureInfo.InvariantCulture, $"must be 0 to {most} {unit}").TrimEnd() + ".");

    private static bool IsId(string text, int longest, string punctuation) =>
        text.Length > 0 && text.Length <= longest && text.All(c => char.IsAsciiLetterOrDigit(c) || punctuation.Contains(c, StringComparison.Ordinal));

    // Clients take the dot segments out of an address before they send it.
    private static bool IsAddressable(string id) => id is not ("." or "..");

    // Neither what moves a terminal's cursor nor what turns the direction of the text after it.
    private static bool IsPlain(string text) => text.EnumerateRunes().All(rune => Rune.GetUnicodeCategory(rune) is not
        (UnicodeCategory.Control or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator)
        && rune.Value is not ((>= 0x202A and <= 0x202E) or (>= 0x2066 and <= 0x2069) or 0x200E or 0x200F));
}
