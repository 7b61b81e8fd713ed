using System.Globalization;
using LlmGateway.ServiceDefaults;

namespace LlmGateway.AppHost;

/// <summary>The few flat settings that shape the graph itself; all others are the services' own.</summary>
internal sealed record AppHostSettings
{
    private const string DefaultPort = "8000";

    /// <summary>False: DATABASE_URL names a server of the operator's.</summary>
    public required bool OwnPostgres { get; init; }

    /// <summary>False: REDIS_URL or REDIS_HOST names one, or RATE_LIMIT_STORAGE=memory needs none.</summary>
    public required bool OwnRedis { get; init; }

    /// <summary>What the gateway's address listens on; null is localhost.</summary>
    public required string? Host { get; init; }

    public required int Port { get; init; }

    public required string Environment { get; init; }

    /// <summary>The keys that clients may use, as configured or as made for this machine; null leaves it to Keys.Service.</summary>
    public required LocalKey? Keys { get; init; }

    public required LocalKey? Administrator { get; init; }

    /// <summary>Encrypts the keys that tokens are signed with.</summary>
    public required LocalKey? Wrapping { get; init; }

    /// <summary>From the environment, else from the file .env beside the solution; null, and an error on the console, if PORT is no port.</summary>
    public static AppHostSettings? Read(string appHostDirectory)
    {
        var dotEnv = DotEnv.ReadFor(appHostDirectory, Variable(DotEnv.PathVariable)).Values;
        if (FlatValues.Port(Value("PORT") ?? DefaultPort) is { Error: { } error })
        {
            Console.Error.WriteLine($"PORT: {error}");
            return null;
        }

        return new AppHostSettings
        {
            OwnPostgres = Value("DATABASE_URL") is null,
            OwnRedis = (Value("REDIS_URL") ?? Value("REDIS_HOST")) is null
                && !"memory".Equals(Value("RATE_LIMIT_STORAGE"), StringComparison.OrdinalIgnoreCase),
            Host = Value("HOST"),
            Port = int.Parse(Value("PORT") ?? DefaultPort, CultureInfo.InvariantCulture),
            Environment = Value("ENVIRONMENT") ?? "development",
            Keys = LocalKey.Of(Value("ALLOWED_API_KEYS"), "api-key"),
            Administrator = AdministratorOf(Value),
            Wrapping = LocalKey.Wrapping(Value("Keys__WrappingKey"), "wrapping-key"),
        };

        string? Value(string name) => FirstSet($"LLM_PROXY__{name}") ?? FirstSet(name);

        string? FirstSet(string name) =>
            new[] { Variable(name), dotEnv.GetValueOrDefault(name) }.FirstOrDefault(value => !string.IsNullOrWhiteSpace(value));
    }

    /// <summary>The configured key, else the catalogue file's, else one made for this machine.</summary>
    /// <param name="value">A variable by its name.</param>
    internal static LocalKey? AdministratorOf(Func<string, string?> value) =>
        LocalKey.Of(value("ADMIN_API_KEY") ?? ModelsFile.MasterKey(value("MODELS_FILE"), value), "admin-key");

    // Not from builder.Configuration: "environment" there is the host's own name of it.
    private static string? Variable(string name) => System.Environment.GetEnvironmentVariable(name);
}
