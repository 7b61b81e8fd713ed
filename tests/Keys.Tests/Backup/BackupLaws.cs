using System.Diagnostics;
using System.Globalization;
using FsCheck;
using FsCheck.Fluent;
using LlmGateway.Keys.ApiKeys;
using LlmGateway.Keys.Backup;
using LlmGateway.Testing;
using Microsoft.EntityFrameworkCore;
using Xunit.Abstractions;

namespace LlmGateway.Keys.Tests.Backup;

public sealed class BackupLaws(PostgresFixture postgres, ITestOutputHelper output) : IClassFixture<PostgresFixture>
{
    private static readonly Config Runs = Config.QuickThrowOnFailure.WithMaxTest(25);

    [Fact]
    public async Task What_was_exported_and_restored_where_it_is_from_changes_nothing()
    {
        await using var database = await BackupDatabase.StartAsync(await postgres.CreateKeysDatabaseAsync());

        Check.One(Runs, Prop.ForAll(GeneratedRows.Seeds, seed => ChangesNothingAsync(seed).GetAwaiter().GetResult()));

        async Task<bool> ChangesNothingAsync(int seed)
        {
            await database.WipeAsync();
            await FillAsync(database, seed, keys: seed % 12);
            var rows = await database.RowsAsync();
            var first = await database.ExportAsync();

            var reply = await database.RestoreAsync(first);

            reply.Rejection.ShouldBeNull();
            reply.Changes.ShouldAllBe(change => change.Added == 0 && change.Overwritten == 0);
            (await database.RowsAsync()).ShouldBe(rows);
            BackupDatabase.Content(await database.ExportAsync()).ShouldBe(BackupDatabase.Content(first));
            return true;
        }
    }

    [Fact]
    public async Task What_was_exported_and_restored_elsewhere_is_the_same_in_every_row_except_that_working_configured_keys_are_not_configured_there()
    {
        var time = new FakeTime();
        await using var source = await BackupDatabase.StartAsync(await postgres.CreateKeysDatabaseAsync());
        await using var target = await BackupDatabase.StartAsync(await postgres.CreateKeysDatabaseAsync(), time: time);

        Check.One(Runs, Prop.ForAll(GeneratedRows.Seeds, seed => ComesBackAsync(seed).GetAwaiter().GetResult()));

        async Task<bool> ComesBackAsync(int seed)
        {
            await source.WipeAsync();
            await target.WipeAsync();
            await FillAsync(source, seed, keys: seed % 12);
            var first = await source.ExportAsync();

            var reply = await target.RestoreAsync(first);
            var again = await target.RestoreAsync(first);

            reply.Rejection.ShouldBeNull();
            again.Changes.ShouldAllBe(change => change.Added == 0 && change.Overwritten == 0);
            await using (var db = source.Open())
            {
                await db.ApiKeys.Where(key => key.RevokedAt == null && key.Role == KeyRole.Internal)
                    .ExecuteUpdateAsync(key => key.SetProperty(k => k.RevokedAt, time.GetUtcNow()));
                await db.ApiKeys.Where(key => key.RevokedAt == null && (key.Source == KeySource.Configured || key.Source == KeySource.Generated))
                    .ExecuteUpdateAsync(key => key.SetProperty(k => k.Source, KeySource.Imported));
            }

            (await target.RowsAsync()).ShouldBe(await source.RowsAsync());
            BackupDatabase.Content(await target.ExportAsync()).ShouldBe(BackupDatabase.Content(await source.ExportAsync()));
            return true;
        }
    }

    [Fact]
    public async Task One_byte_changed_anywhere_is_refused_or_changes_nothing_that_is_said()
    {
        await using var source = await BackupDatabase.StartAsync(await postgres.CreateKeysDatabaseAsync());
        await FillAsync(source, seed: 7, keys: 6);
        var document = await source.ExportAsync();
        var checksum = BackupDatabase.Read(document).Checksum;
        var flips = Gen.Choose(0, document.Length - 1).SelectMany(at => Gen.Choose(1, 255), (at, change) => (At: at, Change: (byte)change)).ToArbitrary();

        Check.One(Config.QuickThrowOnFailure.WithMaxTest(5_000), Prop.ForAll(flips, flip =>
        {
            var changed = (byte[])document.Clone();
            changed[flip.At] ^= flip.Change;
            return Read(changed) is not { } read || BackupChecksum.Of(read) == checksum;
        }));
    }

    [Fact]
    public async Task A_document_that_ends_anywhere_before_its_end_is_refused()
    {
        await using var source = await BackupDatabase.StartAsync(await postgres.CreateKeysDatabaseAsync());
        await FillAsync(source, seed: 11, keys: 3);
        var document = await source.ExportAsync();

        // The last byte is the line's end.
        for (var length = 0; length < document.Length - 1; length++)
        {
            Read(document[..length]).ShouldBeNull($"of {document.Length} bytes, {length}");
        }
    }

    [Fact]
    [Trait("Category", "Timed")]
    public async Task Twenty_thousand_keys_are_exported_and_restored_in_seconds()
    {
        await using var source = await BackupDatabase.StartAsync(await postgres.CreateKeysDatabaseAsync());
        await using var target = await BackupDatabase.StartAsync(await postgres.CreateKeysDatabaseAsync());
        await FillAsync(source, seed: 13, keys: 20_000);
        await target.WipeAsync();

        var began = Stopwatch.GetTimestamp();
        var document = await source.ExportAsync();
        var exported = Stopwatch.GetElapsedTime(began);
        began = Stopwatch.GetTimestamp();
        (await target.RestoreAsync(document)).Changes.Single(change => change.Kind == "key").Added.ShouldBe(20_001);
        var restored = Stopwatch.GetElapsedTime(began);
        began = Stopwatch.GetTimestamp();
        (await target.RestoreAsync(document)).Changes.Single(change => change.Kind == "key").Unchanged.ShouldBe(20_001);

        output.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"{document.Length / 1e6:F1} MB: export {exported.TotalSeconds:F1} s, restore {restored.TotalSeconds:F1} s, again {Stopwatch.GetElapsedTime(began).TotalSeconds:F1} s"));
        (exported + restored).ShouldBeLessThan(TimeSpan.FromSeconds(60));
    }

    private static async Task FillAsync(BackupDatabase database, int seed, int keys)
    {
        await using var db = database.Open();
        new GeneratedRows(seed).AddTo(db, keys);
        await db.SaveChangesAsync();
    }

    private static BackupDocument? Read(byte[] document)
    {
        try
        {
            return BackupReader.ReadAsync(new MemoryStream(document), CancellationToken.None).GetAwaiter().GetResult();
        }
        catch (BackupRefusedException)
        {
            return null;
        }
    }
}
