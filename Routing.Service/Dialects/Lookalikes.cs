using System.Text.Json;

namespace LlmGateway.Routing.Dialects;

/// <summary>
/// Names that servers written in Go (Ollama, LocalAI) take for others, after every check here: equal but for their case, and their JSON library
/// also folds the long s and the Kelvin sign: https://pkg.go.dev/encoding/json#Unmarshal.
/// </summary>
internal sealed class Lookalikes(params string[] names)
{
    /// <summary>Bytes of the longest of the names with each letter written as \u0041.</summary>
    public int LongestWritten { get; } = 6 * names.Max(name => name.Length);

    /// <summary>The name that this one could be taken for; null for one that is not.</summary>
    /// <param name="reader">At a member's name that is none of the names.</param>
    /// <param name="written">As the client wrote it.</param>
    public string? Find(ref Utf8JsonReader reader, out string written)
    {
        written = "";
        if (reader.ValueSpan.Length > LongestWritten)
        {
            return null;
        }

        written = reader.GetString()!;
        return Find(written);
    }

    /// <summary>The name that this one could be taken for; null for one that is not.</summary>
    /// <param name="written">None of the names.</param>
    public string? Find(string written)
    {
        var folded = written.Replace('\u017f', 's').Replace('\u212a', 'k');
        return Array.Find(names, name => name.Equals(folded, StringComparison.OrdinalIgnoreCase));
    }
}
