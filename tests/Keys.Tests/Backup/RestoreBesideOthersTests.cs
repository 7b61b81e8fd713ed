using Google.Protobuf;
using Grpc.Core;
using LlmGateway.Keys.Management;
using LlmGateway.Protos.Keys.V1;
using LlmGateway.ServiceDefaults;
using LlmGateway.Testing;

namespace LlmGateway.Keys.Tests.Backup;

public sealed class RestoreBesideOthersTests(PostgresFixture postgres) : IClassFixture<PostgresFixture>
{
    [Fact]
    public async Task A_second_restore_is_refused_while_one_runs_and_taken_after_it()
    {
        await using var database = await BackupDatabase.StartAsync(await postgres.CreateKeysDatabaseAsync());
        var document = await database.ExportAsync();
        var first = await BeginAsync();
        await WaitAsync(async () =>
        {
            // It may itself have met one of those that look for it.
            if (first.ResponseAsync.IsCompleted)
            {
                first.Dispose();
                first = await BeginAsync();
            }

            return (await database.RestoreAsync(document)).Rejection is { Kind: RejectionKind.Conflict, Message: "another restore is running." };
        });

        await first.RequestStream.WriteAsync(new() { Data = ByteString.CopyFrom(document.AsSpan(10)) });
        await first.RequestStream.CompleteAsync();
        (await first.ResponseAsync).Rejection.ShouldBeNull();
        first.Dispose();
        (await database.RestoreAsync(document)).Rejection.ShouldBeNull();

        async Task<AsyncClientStreamingCall<RestoreChunk, RestoreReply>> BeginAsync()
        {
            var call = database.Host.Admin.Restore();
            await call.RequestStream.WriteAsync(new() { Options = new() { Actor = BackupDatabase.By } });
            await call.RequestStream.WriteAsync(new() { Data = ByteString.CopyFrom(document.AsSpan(0, 10)) });
            return call;
        }
    }

    [Fact]
    public async Task A_document_is_in_the_database_before_others_are_held_up()
    {
        await using var database = await BackupDatabase.StartAsync(await postgres.CreateKeysDatabaseAsync());
        var document = await database.ExportAsync();
        await using var db = database.Open();
        await using var transaction = await db.Database.BeginTransactionAsync();
        await DatabaseLock.HoldForTransactionAsync(db, Mutations.Lock, CancellationToken.None);

        var restore = database.RestoreAsync(document);
        var waiting = new List<string>();
        await WaitAsync(async () =>
            (waiting = await db.LinesAsync("SELECT pid::text AS \"Value\" FROM pg_locks WHERE locktype = 'advisory' AND NOT granted")).Count == 1);

        var locks = await db.LinesAsync($"SELECT mode AS \"Value\" FROM pg_locks WHERE pid = {waiting.Single()} AND locktype = 'relation'");
        locks.Count(mode => mode == "AccessExclusiveLock").ShouldBeGreaterThanOrEqualTo(5, "the temporary tables");
        locks.ShouldNotContain("ShareRowExclusiveLock");
        await transaction.RollbackAsync();
        (await restore).Rejection.ShouldBeNull();
    }

    [Fact]
    public async Task An_export_that_no_restore_would_take_fails_and_says_why()
    {
        var connection = await postgres.CreateKeysDatabaseAsync();
        var time = new FakeTime();
        int length;
        await using (var database = await BackupDatabase.StartAsync(connection, time: time))
        {
            await database.Host.Admin.CreateAccountAsync(new() { Actor = BackupDatabase.By, Id = "shop", Description = new string('d', 900) });
            length = (await database.ExportAsync()).Length;
        }

        await using (var exact = await BackupDatabase.StartAsync(connection, time: time, maxBytes: length))
        {
            var document = await exact.ExportAsync();
            document.Length.ShouldBe(length);
            (await exact.RestoreAsync(document)).Rejection.ShouldBeNull();
        }

        await using var tooSmall = await BackupDatabase.StartAsync(connection, time: time, maxBytes: length - 1);
        var failure = await Should.ThrowAsync<RpcException>(tooSmall.ExportAsync);

        failure.StatusCode.ShouldBe(StatusCode.ResourceExhausted);
        failure.Status.Detail.ShouldContain("Backup:MaxBytes");
        tooSmall.Host.Log.ShouldContain(line => line.StartsWith("Error") && line.Contains("Backup:MaxBytes"));
        await using var db = tooSmall.Open();
        db.AuditEntries.Count(entry => entry.Action == "backup.exported").ShouldBe(2);
    }

    private static async Task WaitAsync(Func<Task<bool>> isSo)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        while (!await isSo())
        {
            await Task.Delay(10, limit.Token);
        }
    }
}
