namespace Aspire.Hosting.ApplicationModel;

internal static class ResourceName
{
    /// <summary>The rule of Aspire's analyzer ASPIRE006: it is an error there at compile time, here at start.</summary>
    public static void Check(string name)
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        var valid = name.Length <= 64
            && char.IsAsciiLetter(name[0])
            && name.All(c => char.IsAsciiLetterOrDigit(c) || c == '-')
            && !name.EndsWith('-')
            && !name.Contains("--", StringComparison.Ordinal);
        if (!valid)
        {
            throw new ArgumentException(
                $"Resource name '{name}' is invalid: ASCII letters, digits and single hyphens, starting with a letter, " +
                "not ending with a hyphen, 64 characters at most.",
                nameof(name));
        }
    }

    /// <summary>"billing-2" to "BILLING_2": how a name begins environment variables.</summary>
    public static string ToVariable(string name) =>
        string.Concat(name.Select(c => char.IsAsciiLetterOrDigit(c) ? char.ToUpperInvariant(c) : '_'));
}
