using System.Collections.Concurrent;
using System.Globalization;
using Aspire.Hosting;
using Aspire.Hosting.ApplicationModel;
using Npgsql;

namespace LlmGateway.Testing;

/// <summary>
/// One private PostgreSQL cluster a test process, started at first use and gone with the process; each test takes an
/// empty database of its own from it.
/// </summary>
public sealed class PostgresFixture
{
    private static readonly Lazy<Task<string>> Server = new(StartAsync);
    private static readonly ConcurrentDictionary<string, Lazy<Task<string>>> Originals = new();
    private static int _databases;

    /// <summary>Creates an empty database and returns its connection string.</summary>
    public Task<string> CreateDatabaseAsync() => CreateAsync(original: "template1");

    /// <summary>Creates a copy of a database that is prepared once a test process: that costs far less than its migrations.</summary>
    /// <param name="original">A name for what was prepared.</param>
    /// <param name="prepareAsync">Is given the connection string, and leaves no connection open: PostgreSQL copies nothing that is in use.</param>
    public async Task<string> CreateDatabaseAsync(string original, Func<string, Task> prepareAsync) =>
        await CreateAsync(await Originals.GetOrAdd(original, _ => new(() => PrepareAsync(prepareAsync))).Value);

    private static async Task<string> PrepareAsync(Func<string, Task> prepareAsync)
    {
        var original = new NpgsqlConnectionStringBuilder(await CreateAsync("template1")) { Pooling = false };
        await prepareAsync(original.ConnectionString);
        return original.Database!;
    }

    private static async Task<string> CreateAsync(string original)
    {
        var server = await Server.Value;
        var name = string.Create(CultureInfo.InvariantCulture, $"test_{Interlocked.Increment(ref _databases)}");
        await using var connection = new NpgsqlConnection(server);
        await connection.OpenAsync();
        await using var create = new NpgsqlCommand($"CREATE DATABASE {name} TEMPLATE {original}", connection);
        await create.ExecuteNonQueryAsync();

        // Each database has a pool of its own, and PostgreSQL accepts a hundred connections: those of tests that are over must go soon.
        return new NpgsqlConnectionStringBuilder(server)
        {
            Database = name,
            MaxPoolSize = 50,
            ConnectionIdleLifetime = 3,
            ConnectionPruningInterval = 1,
        }.ConnectionString;
    }

    private static async Task<string> StartAsync()
    {
        var builder = DistributedApplication.CreateBuilder(new DistributedApplicationOptions { DisableDashboard = true });
        var postgres = builder.AddPostgres("postgres");
        var app = builder.Build();
        AppDomain.CurrentDomain.ProcessExit += (_, _) => app.Dispose();
        await app.StartAsync();
        await app.ResourceNotifications.WaitForResourceHealthyAsync("postgres");
        var connectionString = await ((IResourceWithConnectionString)postgres.Resource).GetConnectionStringAsync();
        return new NpgsqlConnectionStringBuilder(connectionString) { Database = "postgres" }.ConnectionString;
    }
}
