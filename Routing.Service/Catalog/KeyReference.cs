namespace LlmGateway.Routing.Catalog;

/// <summary>A provider's secret. It has no text form but its mask, so that no log, error or trace can show it.</summary>
internal sealed class ProviderKey(string value)
{
    public string Reveal() => value;

    public override string ToString() => "***";
}

/// <summary>"os.environ/NAME", "file:PATH", or the value itself.</summary>
internal static class KeyReference
{
    private const string Environment = "os.environ/";
    private const string File = "file:";

    public static bool IsReference(string text) =>
        text.StartsWith(Environment, StringComparison.Ordinal) || text.StartsWith(File, StringComparison.Ordinal);

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
