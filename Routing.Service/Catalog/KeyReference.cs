namespace LlmGateway.Routing.Catalog;

/// <summary>A provider's secret. It has no text form but its mask, so that no log, error or trace can show it.</summary>
internal sealed class ProviderKey(string value) : IEquatable<ProviderKey>
{
    /// <summary>One or several, with commas between them, as the flat names have them.</summary>
    public static IReadOnlyList<ProviderKey> Split(params ReadOnlySpan<string> texts)
    {
        var keys = new List<ProviderKey>();
        foreach (var text in texts)
        {
            keys.AddRange(text.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries).Select(key => new ProviderKey(key)));
        }

        return [.. keys.Distinct()];
    }

    public string Reveal() => value;

    public override string ToString() => "***";

    // A snapshot that replaces another one makes its keys anew, and what is known of a key stays with it.
    public bool Equals(ProviderKey? other) => other is not null && other.Reveal() == value;

    public override bool Equals(object? obj) => Equals(obj as ProviderKey);

    public override int GetHashCode() => value.GetHashCode(StringComparison.Ordinal);
}

/// <summary>"os.environ/NAME", "file:PATH", or the value itself.</summary>
internal static class KeyReference
{
    private const string Environment = "os.environ/";
    private const string File = "file:";

    // ADMIN_API_KEY, INTERNAL_API_KEY, JWT_SECRET_KEY, LANGFUSE_SECRET_KEY, KEYS__WRAPPINGKEY, LLM_PROXY__ADMIN_API_KEY, …
    private static readonly string[] Own = ["ADMIN", "INTERNAL", "ALLOWED", "SECRET_KEY", "WRAPPING", "__"];

    public static bool IsReference(string text) =>
        text.StartsWith(Environment, StringComparison.Ordinal) || text.StartsWith(File, StringComparison.Ordinal);

    /// <summary>
    /// Whether an administrator may refer to it: a provider's key, and none of the gateway's own secrets, which a deployment at an address of
    /// somebody's choice would be sent.
    /// </summary>
    public static bool IsForProviders(string text, string keysFolder)
    {
        if (text.StartsWith(Environment, StringComparison.Ordinal))
        {
            var name = text[Environment.Length..].ToUpperInvariant();
            return (name.EndsWith("_KEY", StringComparison.Ordinal) || name.EndsWith("_TOKEN", StringComparison.Ordinal))
                && !Array.Exists(Own, part => name.Contains(part, StringComparison.Ordinal));
        }

        return text.StartsWith(File, StringComparison.Ordinal)
            && Path.GetFullPath(text[File.Length..]).StartsWith(Path.TrimEndingDirectorySeparator(Path.GetFullPath(keysFolder)) + Path.DirectorySeparatorChar, StringComparison.Ordinal);
    }

    /// <summary>Null when the variable is not set or the file is not there: a model without a usable deployment, no error.</summary>
    public static string? Resolve(string text, IConfiguration configuration)
    {
        if (text.StartsWith(Environment, StringComparison.Ordinal))
        {
            return configuration[text[Environment.Length..]] is { Length: > 0 } value ? value : null;
        }

        if (!text.StartsWith(File, StringComparison.Ordinal))
        {
            return text;
        }

        var path = text[File.Length..];
        return System.IO.File.Exists(path) && System.IO.File.ReadAllText(path).Trim() is { Length: > 0 } secret ? secret : null;
    }
}
