using System.Text;
using LlmGateway.Testing;

namespace LlmGateway.Functional.Tests.Secrets;

/// <summary>Everything that a run wrote: console lines of every process, and the bytes of every export.</summary>
internal sealed class Evidence
{
    // Longer than a masked key's part that is shown, short enough to find a key that was cut.
    private const int PieceLength = 16;

    private readonly List<(string Where, string Text)> _texts;

    // Latin-1 keeps every byte of an export as one character. Lower case, because a host name comes out so.
    public Evidence(IEnumerable<string> lines, IEnumerable<CollectedExport> exports) => _texts =
    [
        .. lines.Select(line => ("console", line.ToLowerInvariant())),
        .. exports.Select(export => (export.Signal, Encoding.Latin1.GetString(export.Bytes).ToLowerInvariant())),
    ];

    public bool Has(string where, string text) => _texts.Any(entry => entry.Where == where && entry.Text.Contains(text, StringComparison.OrdinalIgnoreCase));

    /// <summary>Where a secret was found, and what stands around it.</summary>
    public IReadOnlyList<string> LeaksOf(string secret)
    {
        var pieces = Pieces(secret.ToLowerInvariant()).ToList();
        return
        [
            .. _texts.Select(entry => (entry.Where, entry.Text, At: FirstOf(entry.Text, pieces)))
                .Where(found => found.At >= 0)
                .Select(found => $"{found.Where}: {Around(found.Text, found.At)}")
                .Distinct(),
        ];
    }

    private static IEnumerable<string> Pieces(string secret)
    {
        for (var start = 0; start + PieceLength <= secret.Length; start++)
        {
            yield return secret.Substring(start, PieceLength);
        }
    }

    private static int FirstOf(string text, List<string> pieces) =>
        pieces.Select(piece => text.IndexOf(piece, StringComparison.Ordinal)).Where(at => at >= 0).DefaultIfEmpty(-1).Min();

    private static string Around(string text, int at)
    {
        var start = Math.Max(0, at - 160);
        return new string([.. text.AsSpan(start, Math.Min(text.Length - start, 260)).ToArray().Select(c => c is >= ' ' and <= '~' ? c : '·')]);
    }
}
