using Npgsql;

namespace LlmGateway.Keys.Data;

/// <summary>
/// Connections for the statements that run all the time: few, without EF. Those of the hot path prepare themselves: the driver's automatic
/// preparing leaves a statement that fails in that moment broken on its connection (github.com/npgsql/npgsql/issues/6391).
/// </summary>
internal static class KeysDataSource
{
    // PostgreSQL accepts a hundred by default, and every service and replica wants some of them.
    private const int Connections = 16;

    public static void AddKeysDataSource(this IHostApplicationBuilder builder) => builder.Services.AddSingleton(services => Create(
        services.GetRequiredService<IConfiguration>().GetConnectionString("keysdb"), services.GetRequiredService<ILoggerFactory>()));

    private static NpgsqlDataSource Create(string? connectionString, ILoggerFactory loggers)
    {
        var settings = new NpgsqlConnectionStringBuilder(connectionString) { MaxPoolSize = Connections };
        settings.MinPoolSize = Math.Min(settings.MinPoolSize, Connections);

        // A server that vanished without a word is noticed on a connection that only listens.
        settings.KeepAlive = 5;
        settings.ApplicationName = "LlmGateway.Keys";
        return new NpgsqlDataSourceBuilder(settings.ConnectionString).UseLoggerFactory(loggers).Build();
    }
}
