using System.Globalization;
using LlmGateway.ServiceDefaults;

namespace LlmGateway.AppHost;

/// <summary>The few flat settings that shape the graph itself; all others are the services' own.</summary>
internal sealed record AppHostSettings(bool OwnPostgres, bool OwnRedis, int Port, string Environment)
{
    private const int DefaultPort = 8000;

    /// <summary>From the environment, else from the file .env beside the solution.</summary>
    /// <exception cref="DistributedApplicationException">PORT is no port.</exception>
    public static AppHostSettings Read(IDistributedApplicationBuilder builder)
    {
        var dotEnv = DotEnv.ReadFor(builder.AppHostDirectory, Variable(DotEnv.PathVariable)).Values;
        return new AppHostSettings(
            OwnPostgres: Value("DATABASE_URL") is null,
            OwnRedis: (Value("REDIS_URL") ?? Value("REDIS_HOST")) is null,
            Port: ReadPort(Value("PORT")),
            Environment: Value("ENVIRONMENT") ?? "development");

        string? Value(string name) =>
            new[] { Variable($"LLM_PROXY__{name}"), Variable(name), dotEnv.GetValueOrDefault(name) }
                .FirstOrDefault(value => !string.IsNullOrWhiteSpace(value));
    }

    // Not from builder.Configuration: "environment" there is the host's own name of it.
    private static string? Variable(string name) => System.Environment.GetEnvironmentVariable(name);

    private static int ReadPort(string? text) => text switch
    {
        null => DefaultPort,
        _ when int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var port) && port is > 0 and < 65536 => port,
        _ => throw new DistributedApplicationException($"PORT: '{text}' is not a port between 1 and 65535."),
    };
}
