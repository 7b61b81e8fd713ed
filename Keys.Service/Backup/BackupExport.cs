using System.Buffers;
using System.Data;
using System.Globalization;
using System.Text;
using System.Text.Json;
using Grpc.Core;
using LlmGateway.Keys.Audit;
using LlmGateway.Keys.Data;
using LlmGateway.Keys.Management;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;

namespace LlmGateway.Keys.Backup;

/// <summary>Writes the document of one moment, as it reads it. What a restore would refuse for its size is not exported to its end.</summary>
internal sealed partial class BackupExport(KeysDbContext db, IOptions<BackupOptions> options, TimeProvider time, ILogger<BackupExport> logger)
{
    private const int PieceBytes = 64 * 1024;

    /// <param name="by">Who asks.</param>
    /// <param name="send">Takes pieces of at most 64 KiB.</param>
    /// <param name="cancellationToken">Of the call.</param>
    public Task RunAsync(Actor by, Func<ReadOnlyMemory<byte>, Task> send, CancellationToken cancellationToken)
    {
        long sent = 0;
        return db.Database.CreateExecutionStrategy().ExecuteAsync(RunOnceAsync, cancellationToken);

        async Task RunOnceAsync(CancellationToken cancel)
        {
            try
            {
                db.ChangeTracker.Clear();
                await using var transaction = await db.Database.BeginTransactionAsync(IsolationLevel.RepeatableRead, cancel);
                var buffer = new ArrayBufferWriter<byte>(PieceBytes * 2);
                var counts = await WriteAsync(buffer, FlushAsync, Moment.Now(time), cancel);
                Bound(sent + buffer.WrittenCount <= options.Value.MaxBytes);

                // Before the document's end, which nobody therefore has without a trace.
                AuditLog.Add(db, by, Moment.Now(time), "backup.exported", ("backup", ""), counts);
                await db.SaveChangesAsync(cancel);
                await transaction.CommitAsync(cancel);
                await FlushAsync(buffer, 0);
            }
            catch (Exception exception) when (sent > 0 && exception is not RpcException and not OperationCanceledException)
            {
                // Not from the start again: half of it has gone out.
                throw new RpcException(new Status(StatusCode.Unavailable, "The database failed in the middle of a backup."));
            }
        }

        async Task FlushAsync(ArrayBufferWriter<byte> buffer, int threshold)
        {
            if (buffer.WrittenCount <= threshold)
            {
                return;
            }

            Bound(sent + buffer.WrittenCount <= options.Value.MaxBytes);
            for (var rest = buffer.WrittenMemory; !rest.IsEmpty;)
            {
                var piece = rest[..Math.Min(rest.Length, PieceBytes)];
                sent += piece.Length;
                await send(piece);
                rest = rest[piece.Length..];
            }

            buffer.ResetWrittenCount();
        }
    }

    private async Task<BackupCounts> WriteAsync(
        ArrayBufferWriter<byte> buffer, Func<ArrayBufferWriter<byte>, int, Task> flush, DateTimeOffset now, CancellationToken cancellationToken)
    {
        using var checksum = new BackupChecksum(BackupDocument.KnownFormat, BackupDocument.KnownVersion, now);
        Text($$"""{"format":"{{BackupDocument.KnownFormat}}","version":{{BackupDocument.KnownVersion}},"created_at":{{JsonSerializer.Serialize(now)}},""");
        var accounts = await ListAsync("accounts", BackupPages.AccountsAsync(db), checksum.Add);
        var tariffs = await ListAsync("tariffs", BackupPages.TariffsAsync(db), checksum.Add);
        var keys = await ListAsync("keys", BackupPages.KeysAsync(db), checksum.Add);
        Text($$"""
            "checksum":"{{checksum.Text()}}"}

            """);
        return new(accounts, tariffs, keys);

        async Task<long> ListAsync<TRow>(string name, IAsyncEnumerable<TRow> rows, Func<TRow, byte[]> json)
        {
            Text($"\"{name}\":[");
            long count = 0;
            await foreach (var row in rows.WithCancellation(cancellationToken))
            {
                cancellationToken.ThrowIfCancellationRequested();
                Bound(count < BackupRules.MostRows);
                Text(count++ == 0 ? "\n" : ",\n");
                buffer.Write(json(row));
                await flush(buffer, PieceBytes);
            }

            Text("],\n");
            return count;
        }

        void Text(string text) => buffer.Write(Encoding.UTF8.GetBytes(text));
    }

    private void Bound(bool isWithin)
    {
        if (!isWithin)
        {
            var message = string.Create(
                CultureInfo.InvariantCulture,
                $"No restore would take this backup: it is larger than {options.Value.MaxBytes} bytes (Backup:MaxBytes) or {BackupRules.MostRows} rows of a kind.");
            Log.TooLarge(logger, message);
            throw new RpcException(new Status(StatusCode.ResourceExhausted, message));
        }
    }

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Error, "{Message}")]
        public static partial void TooLarge(ILogger logger, string message);
    }
}

internal sealed record BackupCounts(long Accounts, long Tariffs, long Keys);
