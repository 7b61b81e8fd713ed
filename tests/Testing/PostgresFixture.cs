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
    private static int _databases;

    /// <summary>Creates an empty database and returns its connection string.</summary>
    public async Task<string> CreateDatabaseAsync()
    {
        var server = await Server.Value;
        var name = string.Create(CultureInfo.InvariantCulture, $"test_{Interlocked.Increment(ref _databases)}");
        await using var connection = new NpgsqlConnection(server);
        await connection.OpenAsync();
        await using var create = new NpgsqlCommand($"CREATE DATABASE {name}", connection);
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
