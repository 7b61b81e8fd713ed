using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace LlmGateway.Keys.Backup;

/// <summary>
/// SHA-256 over what a document says, in one form of saying it: a line for the head, then one for each account, tariff and key, each with its
/// kind and its JSON. Spaces and the order of members do not count; everything else does. It finds damage and edits by hand; it is no signature.
/// </summary>
internal sealed class BackupChecksum : IDisposable
{
    private readonly IncrementalHash _hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);

    public BackupChecksum(string format, int version, DateTimeOffset createdAt) => _hash.AppendData(Encoding.UTF8.GetBytes(
        string.Create(CultureInfo.InvariantCulture, $"{format} {version} {createdAt.ToUniversalTime():O}\n")));

    public static string Of(BackupDocument document)
    {
        using var checksum = new BackupChecksum(document.Format, document.Version, document.CreatedAt);
        document.Accounts.ForEach(row => checksum.Add(row));
        document.Tariffs.ForEach(row => checksum.Add(row));
        document.Keys.ForEach(row => checksum.Add(row));
        return checksum.Text();
    }

    /// <returns>The row's JSON.</returns>
    public byte[] Add(AccountRow row) => Add("account ", row with { Labels = Ordered(row.Labels) }, BackupJson.Default.AccountRow);

    public byte[] Add(TariffRow row) => Add("tariff ", row, BackupJson.Default.TariffRow);

    public byte[] Add(KeyRow row) => Add("key ", row with { Labels = Ordered(row.Labels) }, BackupJson.Default.KeyRow);

    public string Text() => "sha256:" + Convert.ToHexStringLower(_hash.GetCurrentHash());

    public void Dispose() => _hash.Dispose();

    private byte[] Add<T>(string kind, T row, JsonTypeInfo<T> type)
    {
        var json = JsonSerializer.SerializeToUtf8Bytes(row, type);
        _hash.AppendData(Encoding.UTF8.GetBytes(kind));
        _hash.AppendData(json);
        _hash.AppendData("\n"u8);
        return json;
    }

    // The database has an order of its own for them.
    private static Dictionary<string, string> Ordered(Dictionary<string, string> labels) =>
        labels.Count < 2 ? labels : new(labels.OrderBy(label => label.Key, StringComparer.Ordinal));
}
