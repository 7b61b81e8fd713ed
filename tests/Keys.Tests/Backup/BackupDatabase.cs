using System.Globalization;
using System.Text;
using System.Text.Json;
using Google.Protobuf;
using LlmGateway.Keys.Backup;
using LlmGateway.Keys.Data;
using LlmGateway.Protos.Keys.V1;
using Microsoft.EntityFrameworkCore;

namespace LlmGateway.Keys.Tests.Backup;

/// <summary>A service on a database of its own, as an administrator backs it up and restores it.</summary>
internal sealed class BackupDatabase(KeysHost host, string connection) : IAsyncDisposable
{
    public const string AdministratorSecret = "sk-admin-of-this-test";

    private static readonly string[] Tables = ["accounts", "tariffs", "tariff_versions", "api_keys", "key_secrets"];

    public static readonly Actor By = new() { AccountId = "admin", MaskedKey = "sk-admin...", RequestId = "req_1" };

    public KeysHost Host => host;

    /// <param name="time">The service's clock; the machine's by default.</param>
    /// <param name="maxBytes">Of a document.</param>
    public static async Task<BackupDatabase> StartAsync(string connection, string allowed = "", TimeProvider? time = null, long? maxBytes = null)
    {
        var settings = new Dictionary<string, string?>();
        if (maxBytes is { } bytes)
        {
            settings["Backup:MaxBytes"] = bytes.ToString(CultureInfo.InvariantCulture);
        }

        return new(await KeysHost.StartAsync(connection, allowed, AdministratorSecret, time, settings), connection);
    }

    public KeysDbContext Open() => Database.Open(connection);

    public async Task<byte[]> ExportAsync()
    {
        using var document = new MemoryStream();
        using var call = host.Admin.Export(new ExportRequest { Actor = By });
        while (await call.ResponseStream.MoveNext(CancellationToken.None))
        {
            call.ResponseStream.Current.Data.Length.ShouldBeLessThanOrEqualTo(64 * 1024);
            call.ResponseStream.Current.Data.WriteTo(document);
        }

        return document.ToArray();
    }

    public async Task<RestoreReply> RestoreAsync(byte[] document, bool overwrite = false, bool dryRun = false)
    {
        using var call = host.Admin.Restore();
        await call.RequestStream.WriteAsync(new() { Options = new() { Actor = By, Overwrite = overwrite, DryRun = dryRun } });
        foreach (var piece in document.Chunk(50_000))
        {
            await call.RequestStream.WriteAsync(new() { Data = ByteString.CopyFrom(piece) });
        }

        await call.RequestStream.CompleteAsync();
        return await call.ResponseAsync;
    }

    /// <summary>Without the rows that a start makes.</summary>
    public async Task WipeAsync()
    {
        await using var db = Open();
        await db.Database.ExecuteSqlRawAsync("TRUNCATE keys.accounts, keys.tariffs, keys.tariff_versions, keys.api_keys, keys.key_secrets");
    }

    /// <summary>Every row of what a backup is of.</summary>
    public async Task<IReadOnlyList<string>> RowsAsync()
    {
        await using var db = Open();
        var rows = new List<string>();
        foreach (var table in Tables)
        {
            rows.AddRange((await db.LinesAsync($"SELECT to_jsonb(t)::text AS \"Value\" FROM keys.{table} t")).Select(row => $"{table} {row}").Order());
        }

        return rows;
    }

    public static BackupDocument Read(byte[] document) => JsonSerializer.Deserialize(document, BackupJson.Default.BackupDocument)!;

    /// <summary>With a checksum that fits, as somebody would write it who means it.</summary>
    public static byte[] Sealed(BackupDocument document) =>
        JsonSerializer.SerializeToUtf8Bytes(document with { Checksum = BackupChecksum.Of(document) }, BackupJson.Default.BackupDocument);

    /// <summary>What it says, without when that was.</summary>
    public static string Content(byte[] document) => Encoding.UTF8.GetString(Sealed(Read(document) with { CreatedAt = DateTimeOffset.UnixEpoch }));

    public ValueTask DisposeAsync() => host.DisposeAsync();
}
