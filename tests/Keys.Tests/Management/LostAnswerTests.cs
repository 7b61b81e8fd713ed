using System.Data.Common;
using Google.Protobuf.WellKnownTypes;
using LlmGateway.Keys.ApiKeys;
using LlmGateway.Keys.Backup;
using LlmGateway.Keys.Data;
using LlmGateway.Keys.Limits;
using LlmGateway.Keys.Management;
using LlmGateway.Keys.Tests.Backup;
using LlmGateway.Protos.Keys.V1;
using LlmGateway.Testing;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Diagnostics;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;

namespace LlmGateway.Keys.Tests;

/// <summary>A database that fails in the middle of a change, or just after its commit, when nobody can tell the two apart.</summary>
public sealed class LostAnswerTests(PostgresFixture postgres) : IClassFixture<PostgresFixture>
{
    private readonly FakeTime _time = new();

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_key_is_issued_once_and_the_secret_in_the_answer_is_its_own(bool isCommitted)
    {
        var database = await MigratedAsync();
        await using var db = Open(database, isCommitted);

        var issued = (await new KeyIssuing(MutationsOf(db), Views(db), _time).IssueAsync(
            new IssueKeyRequest { Actor = Management.By, Name = "n" }, CancellationToken.None)).Value!;

        var key = (await Database.KeysAsync(database)).ShouldHaveSingleItem();
        key.Id.ToString().ShouldBe(issued.Key.Id);
        key.Secrets.ShouldHaveSingleItem().Hash.ShouldBe(KeySecret.Parse(issued.Secret)!.Hash());
        db.AuditEntries.Count(entry => entry.Action == "key.issued").ShouldBe(1);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_key_is_rotated_once(bool isCommitted)
    {
        var database = await MigratedAsync();
        string id;
        await using (var quiet = Database.Open(database))
        {
            id = (await new KeyIssuing(MutationsOf(quiet), Views(quiet), _time).IssueAsync(
                new IssueKeyRequest { Actor = Management.By, Name = "n" }, CancellationToken.None)).Value!.Key.Id;
        }

        await using var db = Open(database, isCommitted);
        var rotated = (await new KeyRotation(MutationsOf(db), Views(db)).RotateAsync(
            new RotateKeyRequest { Actor = Management.By, Key = id, Overlap = Duration.FromTimeSpan(TimeSpan.FromHours(1)) }, CancellationToken.None)).Value!;

        var secrets = (await Database.KeysAsync(database)).ShouldHaveSingleItem().Secrets;
        secrets.Count.ShouldBe(2);
        secrets.Single(secret => secret.ExpiresAt is null).Hash.ShouldBe(KeySecret.Parse(rotated.Secret)!.Hash());
        db.AuditEntries.Count(entry => entry.Action == "key.rotated").ShouldBe(1);
    }

    [Fact]
    public async Task A_key_whose_commit_got_no_answer_before_the_process_ended_was_printed()
    {
        var database = await MigratedAsync();
        var log = new Printed();
        await using var services = new ServiceCollection()
            .AddScoped(_ => Open(database, isCommitted: true, attempts: 0)).BuildServiceProvider();
        var seeding = new KeySeeding(
            services.GetRequiredService<IServiceScopeFactory>(),
            Options.Create(new KeysOptions()),
            _time,
            NullLogger<KeySeeding>.Instance,
            log);

        await Should.ThrowAsync<Exception>(() => seeding.StartAsync(CancellationToken.None));

        var stored = (await Database.KeysAsync(database)).ShouldHaveSingleItem().Secrets.ShouldHaveSingleItem();
        var printed = log.Lines.ShouldHaveSingleItem().Split(' ')[^1];
        KeySecret.Parse(printed)!.Hash().ShouldBe(stored.Hash);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_restore_is_done_once_and_the_answer_is_what_it_did(bool isCommitted)
    {
        var database = await MigratedAsync();
        await using var db = Open(database, isCommitted);
        var document = new BackupDocument(
            BackupDocument.KnownFormat, BackupDocument.KnownVersion, DateTimeOffset.UnixEpoch, [new("shop", "", [], DateTimeOffset.UnixEpoch)], [], [], "");
        var restore = new BackupRestore(db, new RestoreTurn(), Options.Create(new BackupOptions()), _time);

        var reply = await restore.RunAsync(
            Management.By.ToActor(), new RestoreOptions(), new MemoryStream(BackupDatabase.Sealed(document)), CancellationToken.None);

        reply.Changes.Single(change => change.Kind == "account").Added.ShouldBe(1);
        db.AuditEntries.Count(entry => entry.Action == "backup.restored").ShouldBe(1);
        db.AuditEntries.Count(entry => entry.Action == "account.restored").ShouldBe(1);
    }

    private static KeyViews Views(KeysDbContext db) => new(db, Options.Create(new QuotasOptions()));

    private static KeysDbContext Open(string database, bool isCommitted, int attempts = 3)
    {
        var options = new DbContextOptionsBuilder<KeysDbContext>()
            .UseNpgsql(database, npgsql => npgsql.EnableRetryOnFailure(attempts, TimeSpan.FromMilliseconds(1), null))
            .AddInterceptors(new FailsOnce(isCommitted));
        KeysDatabase.Configure(options);
        return new KeysDbContext(options.Options);
    }

    private async Task<string> MigratedAsync()
    {
        var database = await postgres.CreateKeysDatabaseAsync();
        await using var db = Database.Open(database);
        await db.Database.MigrateAsync();
        return database;
    }

    private Mutations MutationsOf(KeysDbContext db) => new(db, _time);

    private sealed class Printed : ILogger<AdministratorKey>
    {
        public List<string> Lines { get; } = [];

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(
            LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
            Lines.Add(formatter(state, exception));
    }

    private sealed class FailsOnce(bool isCommitted) : DbTransactionInterceptor
    {
        private bool _hasFailed;

        public override async ValueTask<InterceptionResult> TransactionCommittingAsync(
            DbTransaction transaction, TransactionEventData eventData, InterceptionResult result, CancellationToken cancellationToken = default)
        {
            if (_hasFailed)
            {
                return result;
            }

            _hasFailed = true;
            if (isCommitted)
            {
                await transaction.CommitAsync(cancellationToken);
            }

            throw new TimeoutException("The answer is lost.");
        }
    }
}
