using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace LlmGateway.Keys.Backup;

/// <summary>Reads a document and believes nothing of it: form, version, checksum, then every field.</summary>
internal static partial class BackupReader
{
    /// <exception cref="BackupRefusedException">Names what is wrong.</exception>
    public static async Task<BackupDocument> ReadAsync(Stream json, CancellationToken cancellationToken)
    {
        var document = await ParseAsync(json, cancellationToken);
        if (document.Format != BackupDocument.KnownFormat)
        {
            throw new BackupRefusedException("format", $"must be {BackupDocument.KnownFormat}.");
        }

        if (document.Version != BackupDocument.KnownVersion)
        {
            throw new BackupRefusedException("version", $"must be {BackupDocument.KnownVersion}, the only one that this service reads.");
        }

        BackupRules.CheckWhole(document);
        if (document.Checksum != BackupChecksum.Of(document))
        {
            throw new BackupRefusedException("checksum", "does not fit the document, which was edited or damaged.");
        }

        BackupRules.Check(document);
        return document;
    }

    private static async Task<BackupDocument> ParseAsync(Stream json, CancellationToken cancellationToken)
    {
        try
        {
            return await JsonSerializer.DeserializeAsync(json, BackupJson.Default.BackupDocument, cancellationToken)
                ?? throw new BackupRefusedException("", "the document is empty.");
        }
        catch (JsonException exception)
        {
            // Not the exception's own words, which quote the document.
            var place = exception.LineNumber is { } line ? string.Create(CultureInfo.InvariantCulture, $" (line {line + 1}, byte {exception.BytePositionInLine + 1})") : "";
            throw new BackupRefusedException(
                Known().Match(exception.Path ?? "").Groups["path"].Value,
                $"this is no whole document of {BackupDocument.KnownFormat} version {BackupDocument.KnownVersion}: something is missing, unknown, twice or of the wrong type{place}.");
        }
    }

    // "$.keys[3].limits" of "$.keys[3].limits.sk-…": only as far as the names are of the format's kind.
    [GeneratedRegex(@"^\$\.?(?<path>[a-z_]{1,24}(\[[0-9]{1,9}\])?(\.[a-z_]{1,24}(\[[0-9]{1,9}\])?){0,4})?", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Known();
}
