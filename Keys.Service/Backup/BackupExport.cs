using System.Buffers;
using System.Data;
using System.Text;
using System.Text.Json;
using Grpc.Core;
using LlmGateway.Keys.Audit;
using LlmGateway.Keys.Data;
using LlmGateway.Keys.Management;
using Microsoft.EntityFrameworkCore;

namespace LlmGateway.Keys.Backup;

/// <summary>Writes the document of one moment, as it reads it.</summary>
internal sealed class BackupExport(KeysDbContext db, TimeProvider time)
{
    private const int PieceBytes = 64 * 1024;

    /// <param name="by">Who asks.</param>
    /// <param name="send">Takes pieces of at most 64 KiB.</param>
    /// <param name="cancellationToken">Of the call.</param>
    public Task RunAsync(Actor by, Func<ReadOnlyMemory<byte>, Task> send, CancellationToken cancellationToken)
    {
        var sent = false;
        return db.Database.CreateExecutionStrategy().ExecuteAsync(RunOnceAsync, cancellationToken);

        async Task RunOnceAsync(CancellationToken cancel)
        {
            try
            {
                db.ChangeTracker.Clear();
                await using var transaction = await db.Database.BeginTransactionAsync(IsolationLevel.RepeatableRead, cancel);
                var buffer = new ArrayBufferWriter<byte>(PieceBytes * 2);
                var counts = await WriteAsync(buffer, FlushAsync, Moment.Now(time), cancel);

                // Before the document's end, which nobody therefore has without a trace.
                AuditLog.Add(db, by, Moment.Now(time), "backup.exported", ("backup", ""), counts);
                await db.SaveChangesAsync(cancel);
                await transaction.CommitAsync(cancel);
                await FlushAsync(buffer, 0);
            }
            catch (Exception exception) when (sent && exception is not RpcException and not OperationCanceledException)
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

            for (var rest = buffer.WrittenMemory; !rest.IsEmpty;)
            {
                var piece = rest[..Math.Min(rest.Length, PieceBytes)];
                sent = true;
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
                Text(count++ == 0 ? "\n" : ",\n");
                buffer.Write(json(row));
                await flush(buffer, PieceBytes);
            }

            Text("],\n");
            return count;
        }

        void Text(string text) => buffer.Write(Encoding.UTF8.GetBytes(text));
    }
}

internal sealed record BackupCounts(long Accounts, long Tariffs, long Keys);
