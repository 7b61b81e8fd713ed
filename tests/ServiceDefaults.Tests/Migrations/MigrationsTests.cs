using System.Collections.Concurrent;
using System.Data.Common;
using System.Diagnostics;
using System.Net;
using LlmGateway.Testing;
using Microsoft.AspNetCore.Builder;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace LlmGateway.ServiceDefaults.Tests.Migrations;

public sealed class MigrationsTests(PostgresFixture postgres) : IClassFixture<PostgresFixture>
{
    [Fact]
    public async Task Hosts_that_start_together_migrate_once()
    {
        var database = await postgres.CreateDatabaseAsync();
        var hosts = Enumerable.Range(0, 4).Select(_ => Host<NumbersDb>(database)).ToList();

        await Task.WhenAll(hosts.Select(host => host.StartAsync()));

        await using var scope = hosts[0].Services.CreateAsyncScope();
        var db = scope.ServiceProvider.GetRequiredService<NumbersDb>();
        (await db.Database.SqlQueryRaw<int>("SELECT id AS \"Value\" FROM numbers").ToListAsync()).ShouldBe([1]);
        (await db.Database.GetAppliedMigrationsAsync()).ShouldHaveSingleItem();
        hosts.ForEach(host => ((IDisposable)host).Dispose());
    }

    [Fact]
    public async Task A_host_waits_while_another_migrates()
    {
        var database = await postgres.CreateDatabaseAsync();
        await using var other = new NumbersDb(new DbContextOptionsBuilder<NumbersDb>().UseNpgsql(database).Options);
        await other.Database.OpenConnectionAsync();
        await using var host = Host<NumbersDb>(database);

        Task start;
        await using (await DatabaseLock.HoldForSessionAsync(other, $"migrate {nameof(NumbersDb)}", CancellationToken.None))
        {
            start = host.StartAsync();
            await WaiterAppearsAsync(other);
            start.IsCompleted.ShouldBeFalse();
            (await other.Database.GetAppliedMigrationsAsync()).ShouldBeEmpty();
        }

        await start.WaitAsync(TimeSpan.FromSeconds(30));
    }

    [Fact]
    public async Task The_contexts_that_migrated_go_back_to_the_pool_in_working_order()
    {
        await using var host = Host<NumbersDb>(await postgres.CreateDatabaseAsync());
        await host.StartAsync();

        // Both that the start used, the lock's and the migrating one.
        await using var one = host.Services.CreateAsyncScope();
        await using var other = host.Services.CreateAsyncScope();
        foreach (var scope in (AsyncServiceScope[])[one, other])
        {
            (await scope.ServiceProvider.GetRequiredService<NumbersDb>().Database.CanConnectAsync()).ShouldBeTrue();
        }
    }

    [Fact]
    public async Task A_broken_migration_stops_the_start_with_the_databases_own_words()
    {
        using var host = Host<BrokenDb>(await postgres.CreateDatabaseAsync());

        (await Should.ThrowAsync<DbException>(() => host.StartAsync())).Message.ShouldContain("TABEL");
    }

    [Fact]
    public async Task A_database_that_is_not_there_yet_is_waited_for()
    {
        var late = InDatabase(await postgres.CreateDatabaseAsync(), $"late_{Guid.NewGuid():N}");
        using var host = Host<NumbersDb>(late);

        var start = host.StartAsync();
        start.IsCompleted.ShouldBeFalse();
        await CreateDatabaseAsync(late);

        await start.WaitAsync(TimeSpan.FromSeconds(30));
    }

    [Theory]
    [InlineData("127.0.0.1")]
    [InlineData("nowhere.invalid")]
    public async Task The_wait_has_an_end_and_says_what_it_waited_for(string address)
    {
        using var host = Host<NumbersDb>($"Host={address};Port=1;Username=nobody;Database=none", ("Migrations:WaitSeconds", "1"));

        (await Should.ThrowAsync<TimeoutException>(() => host.StartAsync())).Message.ShouldContain(nameof(NumbersDb));
    }

    [Fact]
    public async Task A_refused_password_is_not_waited_for()
    {
        var database = new DbConnectionStringBuilder { ConnectionString = await postgres.CreateDatabaseAsync() };
        database["Username"] = "nobody_has_this_name";
        using var host = Host<NumbersDb>(database.ConnectionString);

        await Should.ThrowAsync<DbException>(() => host.StartAsync()).WaitAsync(TimeSpan.FromSeconds(20));
    }

    [Fact]
    public async Task A_migration_is_an_activity_and_readiness_follows_the_database()
    {
        var activities = new ConcurrentQueue<string>();
        using var listener = new ActivityListener
        {
            ShouldListenTo = source => source.Name == "LlmGateway.Migrations",
            Sample = (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllData,
            ActivityStopped = activity => activities.Enqueue(activity.DisplayName),
        };
        ActivitySource.AddActivityListener(listener);
        var database = await postgres.CreateDatabaseAsync();
        await using var host = await TestHost.StartAsync(
            builder =>
            {
                builder.AddNpgsqlDbContext<NumbersDb>("numbers");
                builder.AddMigrations<NumbersDb>();
            },
            settings: ("ConnectionStrings:numbers", database));

        activities.ShouldContain($"migrate {nameof(NumbersDb)}");
        using var ready = await host.Client.GetAsync(new Uri("/ready", UriKind.Relative));
        ready.StatusCode.ShouldBe(HttpStatusCode.OK);
        var body = await ready.Content.ReadAsStringAsync();
        body.ShouldContain("\"migrations\"");
        body.ShouldContain($"\"{nameof(NumbersDb)}\"");
    }

    private static WebApplication Host<TContext>(string connectionString, params (string Key, string Value)[] settings)
        where TContext : DbContext
    {
        var builder = TestHost.Builder(settings: [("ConnectionStrings:numbers", connectionString), ("urls", "http://127.0.0.1:0"), .. settings]);
        builder.AddNpgsqlDbContext<TContext>("numbers");
        builder.AddMigrations<TContext>();
        return builder.Build();
    }

    private static string InDatabase(string connectionString, string name) =>
        new DbConnectionStringBuilder { ConnectionString = connectionString, ["Database"] = name }.ConnectionString;

    // PostgreSQL has no signal for it.
    private static async Task WaiterAppearsAsync(NumbersDb db)
    {
        using var deadline = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        const string Waiters = """
            SELECT count(*)::int AS "Value" FROM pg_locks
            WHERE locktype = 'advisory' AND NOT granted AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
            """;
        while (await db.Database.SqlQueryRaw<int>(Waiters).SingleAsync(deadline.Token) == 0)
        {
            await Task.Delay(TimeSpan.FromMilliseconds(20), deadline.Token);
        }
    }

    private static async Task CreateDatabaseAsync(string connectionString)
    {
        await using var db = new NumbersDb(new DbContextOptionsBuilder<NumbersDb>().UseNpgsql(connectionString).Options);
        await db.Database.EnsureCreatedAsync();
    }
}
