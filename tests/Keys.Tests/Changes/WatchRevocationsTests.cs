using System.Diagnostics;
using Grpc.Core;
using LlmGateway.Keys.Changes;
using LlmGateway.Protos.Keys.V1;
using LlmGateway.Testing;
using Microsoft.EntityFrameworkCore;
using Npgsql;

namespace LlmGateway.Keys.Tests.Changes;

public sealed class WatchRevocationsTests(PostgresFixture postgres) : IClassFixture<PostgresFixture>
{
    [Fact]
    public async Task A_new_caller_hears_at_once_where_it_stands_and_then_of_each_change()
    {
        var database = await postgres.CreateKeysDatabaseAsync();
        await using var host = await KeysHost.StartAsync(database, "sk-a", "sk-administrator");
        await Watcher.AppendAsync(database, "before");
        await using var db = Database.Open(database);
        using var watcher = Watcher.Open(host);

        var first = (await watcher.NextAsync()).ShouldNotBeNull();
        await using (var transaction = await db.Database.BeginTransactionAsync())
        {
            await ChangeLog.AppendAsync(
                db,
                [(ChangedThing.Key, "k"), (ChangedThing.Account, "a"), (ChangedThing.Tariff, "t"), (ChangedThing.Everything, "")],
                CancellationToken.None);
            await transaction.CommitAsync();
        }

        var second = await watcher.NextWithChangesAsync();

        (first.Position, first.IsCurrent, first.Reset, first.Changes.Count).ShouldBe((second.Position - 4, true, false, 0));
        (second.IsCurrent, second.Reset).ShouldBe((true, false));
        second.Changes.Select(change => (change.KeyId, change.AccountId, change.TariffId, change.Everything)).ShouldBe(
            [("k", "", "", false), ("", "a", "", false), ("", "", "t", false), ("", "", "", true)]);
        second.Changes.ShouldAllBe(change => change.Age.ToTimeSpan() >= TimeSpan.Zero && change.Age.ToTimeSpan() < TimeSpan.FromSeconds(5));
    }

    [Fact]
    public async Task Positions_of_concurrent_writers_are_seen_in_order_and_none_is_missed_by_readers_that_come_and_go()
    {
        const int Writers = 20;
        const int Each = 10;
        var database = await postgres.CreateKeysDatabaseAsync();
        await using var host = await KeysHost.StartAsync(database, "sk-a", "sk-administrator");
        var start = await PositionAsync(host);
        var readers = Enumerable.Range(0, 4).Select(seed => ReadAsync(host, new Random(seed), start, Writers * Each)).ToList();

        await Task.WhenAll(Enumerable.Range(0, Writers).Select(async writer =>
        {
            foreach (var number in Enumerable.Range(0, Each))
            {
                await Watcher.AppendAsync(database, $"{writer}/{number}");
                await DrawAndRollBackAsync(database);
            }
        }));

        await using var db = Database.Open(database);
        var log = await db.Changes.Where(change => change.Position > start).OrderBy(change => change.Position).Select(change => change.Subject).ToListAsync();
        log.Count.ShouldBe(Writers * Each);
        foreach (var reader in readers)
        {
            (await reader).ShouldBe(log);
        }
    }

    [Fact]
    public async Task More_changes_than_a_message_holds_come_in_several()
    {
        var database = await postgres.CreateKeysDatabaseAsync();
        await using var host = await KeysHost.StartAsync(database, "sk-a", "sk-administrator");
        var position = await PositionAsync(host);
        await Watcher.AppendAsync(database, [.. Enumerable.Range(0, 2500).Select(number => $"{number}")]);
        using var watcher = Watcher.Open(host, position);

        RevocationsReply[] replies = [(await watcher.NextAsync())!, (await watcher.NextAsync())!, (await watcher.NextAsync())!];

        replies.Select(reply => (reply.Changes.Count, reply.IsCurrent)).ShouldBe([(1000, false), (1000, false), (500, true)]);
        replies.SelectMany(reply => reply.Changes).Select(change => change.KeyId).ShouldBe(Enumerable.Range(0, 2500).Select(number => $"{number}"));
    }

    [Fact]
    public async Task A_position_that_is_ahead_of_the_log_or_older_than_it_resets_the_caller_which_goes_on_from_the_newest()
    {
        var database = await postgres.CreateKeysDatabaseAsync();
        await using var host = await KeysHost.StartAsync(database, "sk-a", "sk-administrator");
        await using var db = Database.Open(database);
        await Watcher.AppendAsync(database, "a");
        var before = await PositionAsync(host);
        await Watcher.AppendAsync(database, "b", "c");
        await db.Database.ExecuteSqlRawAsync("UPDATE keys.changes SET changed_at = changed_at - interval '8 days'");
        await Watcher.AppendAsync(database, "d");

        (await ChangePruning.PruneAsync(db, keepDays: 7, CancellationToken.None)).ShouldBeGreaterThanOrEqualTo(2);

        foreach (var (after, isReset, changes) in new[]
            { (before, true, 0), (before + 1, false, 2), (before + 2, false, 1), (before + 3, false, 0), (before + 4, true, 0), (long.MaxValue, true, 0) })
        {
            using var watcher = Watcher.Open(host, after);
            var reply = (await watcher.NextAsync()).ShouldNotBeNull();
            (after - before, reply.Reset, reply.Changes.Count, reply.Position, reply.IsCurrent).ShouldBe((after - before, isReset, changes, before + 3, true));
        }
    }

    [Fact]
    public async Task The_newest_change_is_never_pruned()
    {
        var database = await postgres.CreateKeysDatabaseAsync();
        await using var host = await KeysHost.StartAsync(database, "sk-a", "sk-administrator");
        await using var db = Database.Open(database);
        await Watcher.AppendAsync(database, "a", "b");
        await db.Database.ExecuteSqlRawAsync("UPDATE keys.changes SET changed_at = changed_at - interval '1 year'");

        await ChangePruning.PruneAsync(db, keepDays: 7, CancellationToken.None);

        (await db.Changes.SingleAsync()).Subject.ShouldBe("b");
    }

    [Fact]
    public async Task A_change_that_nobody_announced_is_found_within_a_second()
    {
        var (database, time) = (await postgres.CreateKeysDatabaseAsync(), new FakeTime());
        await using var host = await KeysHost.StartAsync(database, "sk-a", "sk-administrator", time);
        await using var db = Database.Open(database);
        using var watcher = Watcher.Open(host);
        await watcher.NextAsync();

        await db.Database.ExecuteSqlRawAsync("INSERT INTO keys.changes (thing, subject) VALUES ('key', 'silent')");

        await LookAgainAsync(time);
        (await watcher.NextWithChangesAsync()).Changes.Single().KeyId.ShouldBe("silent");
    }

    [Fact]
    public async Task Nothing_is_vouched_for_while_the_database_refuses_connections_and_all_is_told_when_it_is_back()
    {
        var database = await postgres.CreateKeysDatabaseAsync();
        var name = new NpgsqlConnectionStringBuilder(database).Database;
        var other = await postgres.CreateKeysDatabaseAsync();
        await using var host = await KeysHost.StartAsync(database, "sk-a", "sk-administrator");
        await using var server = await OpenAsync(other);
        using var watcher = Watcher.Open(host);
        await watcher.NextAsync();

        await ExecuteAsync(server, $"ALTER DATABASE {name} ALLOW_CONNECTIONS false");
        await ExecuteAsync(server, $"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'");
        await ShouldFallSilentAsync(watcher, async () =>
        {
            await ExecuteAsync(server, $"ALTER DATABASE {name} ALLOW_CONNECTIONS true");

            // Not from the pool, whose connections the server has just ended.
            await Watcher.AppendAsync($"{database};Pooling=false", "meanwhile");
        });
    }

    [Fact]
    public async Task Nothing_is_vouched_for_while_the_database_hangs_and_all_is_told_when_it_answers()
    {
        var database = await postgres.CreateKeysDatabaseAsync();
        await using var host = await KeysHost.StartAsync(database, "sk-a", "sk-administrator");
        await using var db = Database.Open(database);
        using var watcher = Watcher.Open(host);
        await watcher.NextAsync();

        await using var transaction = await db.Database.BeginTransactionAsync();
        await db.Database.ExecuteSqlRawAsync("LOCK TABLE keys.changes IN ACCESS EXCLUSIVE MODE");
        await ShouldFallSilentAsync(watcher, async () =>
        {
            await ChangeLog.AppendAsync(db, [(ChangedThing.Key, "meanwhile")], CancellationToken.None);
            await transaction.CommitAsync();
        });
    }

    [Fact]
    public async Task A_change_made_beside_one_replica_is_heard_through_every_other_at_once()
    {
        var database = await postgres.CreateKeysDatabaseAsync();

        // Its clock stands still: nobody looks at the database before he is told of a change.
        await using var one = await KeysHost.StartAsync(database, "sk-a", "sk-administrator", new FakeTime());
        await using var other = await KeysHost.StartAsync(database, "sk-a", "sk-administrator", new FakeTime());
        using var first = Watcher.Open(one);
        using var second = Watcher.Open(other);
        await first.NextAsync();
        await second.NextAsync();

        foreach (var number in Enumerable.Range(0, 20))
        {
            await Watcher.AppendAsync(database, $"{number}");
            foreach (var watcher in new[] { first, second })
            {
                (await watcher.NextWithChangesAsync()).Changes.Single().KeyId.ShouldBe($"{number}");
            }
        }
    }

    [Fact]
    public async Task An_idle_stream_speaks_each_second()
    {
        var time = new FakeTime();
        await using var host = await KeysHost.StartAsync(await postgres.CreateKeysDatabaseAsync(), "sk-a", "sk-administrator", time);
        using var watcher = Watcher.Open(host);
        var begun = time.GetUtcNow();

        foreach (var _ in Enumerable.Range(0, 5))
        {
            await LookAgainAsync(time);
            (await watcher.NextAsync()).ShouldNotBeNull().IsCurrent.ShouldBeTrue();
        }

        (time.GetUtcNow() - begun).ShouldBeLessThanOrEqualTo(TimeSpan.FromSeconds(5));
    }

    [Fact]
    public async Task A_service_that_stops_ends_its_streams_well_and_at_once()
    {
        var host = await KeysHost.StartAsync(await postgres.CreateKeysDatabaseAsync(), "sk-a", "sk-administrator");
        using var watcher = Watcher.Open(host);
        await watcher.NextAsync();
        var clock = Stopwatch.StartNew();

        var stopping = host.StopAsync();
        while (await watcher.NextAsync() is not null)
        {
        }

        // A stop that waited for the streams would be as long as a host waits: half a minute.
        await stopping;
        clock.Elapsed.ShouldBeLessThan(TimeSpan.FromSeconds(15));
        await host.DisposeAsync();
    }

    [Fact]
    public async Task A_negative_position_is_refused_by_name()
    {
        await using var host = await KeysHost.StartAsync(await postgres.CreateKeysDatabaseAsync(), "sk-a", "sk-administrator");
        using var watcher = Watcher.Open(host, after: -1);

        var failure = await Should.ThrowAsync<RpcException>(() => watcher.NextAsync());

        (failure.StatusCode, failure.Status.Detail).ShouldBe((StatusCode.InvalidArgument, "after_position: must not be negative."));
    }

    // Moves the service's clock to its next look at the database.
    private static async Task LookAgainAsync(FakeTime time)
    {
        await time.TimerSetAsync(ChangeFeed.Interval);
        time.Advance(ChangeFeed.Interval);
    }

    // What was under way may still arrive for a second or so; then there is silence.
    private static async Task ShouldFallSilentAsync(Watcher watcher, Func<Task> bringBackAsync)
    {
        var clock = Stopwatch.StartNew();
        var next = watcher.NextAsync(TimeSpan.FromSeconds(30));
        while (await Task.WhenAny(next, Task.Delay(TimeSpan.FromSeconds(2.5))) == next)
        {
            clock.Elapsed.ShouldBeLessThan(TimeSpan.FromSeconds(10));
            (await next).ShouldNotBeNull();
            next = watcher.NextAsync(TimeSpan.FromSeconds(30));
        }

        await bringBackAsync();
        var reply = (await next).ShouldNotBeNull();
        while (reply.Changes.Count == 0)
        {
            reply = (await watcher.NextAsync()).ShouldNotBeNull();
        }

        reply.Changes.Single().KeyId.ShouldBe("meanwhile");
        reply.Reset.ShouldBeFalse();
    }

    private static async Task<NpgsqlConnection> OpenAsync(string database)
    {
        var connection = new NpgsqlConnection(database);
        await connection.OpenAsync();
        return connection;
    }

    private static async Task ExecuteAsync(NpgsqlConnection connection, string sql)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync();
    }

    private static async Task<long> PositionAsync(KeysHost host)
    {
        using var watcher = Watcher.Open(host);
        return (await watcher.NextAsync()).ShouldNotBeNull().Position;
    }

    private static async Task<List<string>> ReadAsync(KeysHost host, Random random, long position, int count)
    {
        var seen = new List<string>();
        var clock = Stopwatch.StartNew();
        while (seen.Count < count)
        {
            clock.Elapsed.ShouldBeLessThan(TimeSpan.FromMinutes(2), $"{count - seen.Count} changes never came.");
            using var watcher = Watcher.Open(host, position);
            for (var messages = random.Next(1, 8); messages > 0 && seen.Count < count; messages--)
            {
                var reply = (await watcher.NextAsync()).ShouldNotBeNull();
                reply.Reset.ShouldBeFalse();
                reply.Position.ShouldBeGreaterThanOrEqualTo(position);
                seen.AddRange(reply.Changes.Select(change => change.KeyId));
                position = reply.Position;
            }
        }

        return seen;
    }

    private static async Task DrawAndRollBackAsync(string database)
    {
        await using var db = Database.Open(database);
        await using var transaction = await db.Database.BeginTransactionAsync();
        await ChangeLog.AppendAsync(db, [(ChangedThing.Key, "rolled back")], CancellationToken.None);
        await transaction.RollbackAsync();
    }
}
