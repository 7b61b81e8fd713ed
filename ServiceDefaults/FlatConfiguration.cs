using System.Collections.Frozen;
using static LlmGateway.ServiceDefaults.FlatValues;

namespace LlmGateway.ServiceDefaults;

/// <summary>
/// The flat names that users of such gateways already have in their <c>.env</c>, and the configuration key that each one sets. A name
/// in .NET's own form (<c>Billing__MarkupPercent</c>), and so everything that Aspire injects, wins over a flat one.
/// </summary>
/// <remarks>To add a name: one line in <see cref="Table"/>; a rule that looks at several names goes into <see cref="Combine"/>.</remarks>
internal sealed class FlatConfiguration
{
    /// <summary>Accepted in front of every name. The name with it wins.</summary>
    private const string Prefix = "LLM_PROXY__";
    private const string Gateway = "Gateway.Api";
    private static readonly string[] AddressNames = ["URLS", "ASPNETCORE_URLS", "DOTNET_URLS"];

    private static readonly FlatName[] Table =
    [
        // process
        new("APP_VERSION", Text, "App:Version"),
        new("VERSION", Text, "App:Version") { OnlyWithPrefix = true },
        new("LOG_LEVEL", LogLevel, "Logging:LogLevel:Default"),
        new("LOG_FILE", Text, "Logging:File:Path"),

        // stores
        new("DATABASE_URL", PostgresUrl, "ConnectionStrings:keysdb", "ConnectionStrings:billingdb", "ConnectionStrings:routingdb"),
        new("REDIS_URL", RedisUrl, "ConnectionStrings:redis"),

        // limits
        new("RATE_LIMIT_STORAGE", OneOf("redis", "memory"), "Limits:Storage"),
        new("RATE_LIMIT_REQUESTS_PER_MINUTE", AtLeast(1), "Limits:RequestsPerMinute"),
        new("RATE_LIMIT_REQUESTS_PER_HOUR", AtLeast(1), "Limits:RequestsPerHour"),
        new("RATE_LIMIT_REQUESTS", AtLeast(1), "Limits:Requests"),
        new("RATE_LIMIT_WINDOW", AtLeast(1), "Limits:WindowSeconds"),
        new("RATE_LIMIT_GLOBAL_REQUESTS_PER_MINUTE", AtLeast(1), "Limits:GlobalRequestsPerMinute"),

        // auth
        new("JWT_SECRET_KEY", TextOfBytes(32), "Auth:Jwt:SecretKey"),
        new("JWT_ALGORITHM", OneOf("HS256", "HS384", "HS512", "RS256", "ES256"), "Auth:Jwt:Algorithm"),
        new("JWT_ACCESS_TOKEN_EXPIRE_MINUTES", AtLeast(1), "Auth:Jwt:ExpireMinutes"),
        new("ALLOWED_API_KEYS", Secrets, "Keys:Allowed"),
        new("ADMIN_API_KEY", Secret, "Keys:Administrator"),
        new("INTERNAL_API_KEY", Secret, "Keys:Internal"),

        // providers
        new("OPENAI_API_KEY", Text, "Providers:OpenAi:ApiKey"),
        new("OPENAI_BASE_URL", Url, "Providers:OpenAi:BaseUrl"),
        new("ANTHROPIC_API_KEY", Text, "Providers:Anthropic:ApiKey"),
        new("ANTHROPIC_BASE_URL", Url, "Providers:Anthropic:BaseUrl"),
        new("GOOGLE_GEMINI_API_KEY", Text, "Providers:Gemini:ApiKey"),
        new("GEMINI_BASE_URL", Url, "Providers:Gemini:BaseUrl"),
        new("AZURE_OPENAI_API_KEY", Text, "Providers:Azure:ApiKey"),
        new("AZURE_OPENAI_ENDPOINT", Url, "Providers:Azure:BaseUrl"),
        new("AZURE_OPENAI_API_VERSION", Text, "Providers:Azure:ApiVersion"),
        new("LLM_SERVER_URL", OpenAiBaseUrl, "Providers:LlmServer:BaseUrl"),
        new("LITELLM_PROXY_URL", Url, "Providers:LiteLlm:BaseUrl"),
        new("LITELLM_API_KEY", Text, "Providers:LiteLlm:ApiKey"),
        new("LLM_MODE", Mode, "Providers:Mode"),
        new("DEFAULT_MODEL", Text, "Catalog:DefaultModel"),
        new("MODELS_FILE", Text, "Catalog:File"),

        // resilience
        new("RETRY_ENABLED", Flag, "Retry:Enabled"),
        new("RETRY_MAX_ATTEMPTS", AtLeast(1), "Retry:MaxAttempts"),
        new("RETRY_BASE_DELAY", Seconds, "Retry:BaseDelaySeconds"),
        new("RETRY_MAX_DELAY", Seconds, "Retry:MaxDelaySeconds"),
        new("CIRCUIT_BREAKER_ENABLED", Flag, "CircuitBreaker:Enabled"),
        new("CIRCUIT_BREAKER_FAILURE_THRESHOLD", AtLeast(1), "CircuitBreaker:FailureThreshold"),
        new("CIRCUIT_BREAKER_RECOVERY_TIMEOUT", Seconds, "CircuitBreaker:RecoverySeconds"),

        // billing
        new("BILLING_ENABLED", Flag, "Billing:Enabled"),
        new("BILLING_CURRENCY", OneOf("USD"), "Billing:Currency"),
        new("BILLING_DEFAULT_BALANCE", Amount, "Billing:DefaultBalance"),
        new("LITE_LLM_MARKUP", Percentage, "Billing:MarkupPercent"),
        new("BILLING_ON_OUTAGE", OneOf("refuse", "allow"), "Billing:OnOutage"),
        new("BILLING_OUTAGE_CREDIT", Amount, "Billing:OutageCredit"),
        new("API_DAILY_LIMIT", AtLeast(0), "Quotas:DailyTokens"),
        new("API_MONTHLY_LIMIT", AtLeast(0), "Quotas:MonthlyTokens"),
        new("DEFAULT_MAX_TOKENS", AtLeast(0), "Quotas:LifetimeTokens"),

        // seeing
        new("PROMETHEUS_ENABLED", Flag, "Prometheus:Enabled"),
        new("SENTRY_DSN", Url, "Sentry:Dsn"),
        new("SENTRY_TRACES_SAMPLE_RATE", Share, "Sentry:TracesSampleRate"),
        new("LANGFUSE_ENABLED", Flag, "Langfuse:Enabled"),
        new("LANGFUSE_PUBLIC_KEY", Text, "Langfuse:PublicKey"),
        new("LANGFUSE_SECRET_KEY", Text, "Langfuse:SecretKey"),
        new("LANGFUSE_HOST", Url, "Langfuse:Host"),
        new("MODELS_CACHE_TTL_SECONDS", AtLeast(0), "Caching:ModelsSeconds"),
        new("HEALTH_DETAILS_PUBLIC", Flag, "Health:DetailsPublic"),

        // web
        new("CORS_ORIGINS", List(','), "Cors:Origins"),
    ];

    private readonly IReadOnlyDictionary<string, string> _environment;

    private FlatConfiguration(IReadOnlyDictionary<string, string> environment) => _environment = environment;

    /// <summary>Configuration keys and their values.</summary>
    public Dictionary<string, string?> Settings { get; } = new(StringComparer.OrdinalIgnoreCase);

    /// <summary>Each names its variable. Any of them stops the start.</summary>
    public List<string> Errors { get; } = [];

    public List<string> Warnings { get; } = [];

    /// <summary>From ENVIRONMENT; null when it is not set.</summary>
    public string? EnvironmentName { get; private set; }

    /// <param name="environment">Environment variables, <c>.env</c> included.</param>
    /// <param name="application">HOST and PORT reach only the gateway.</param>
    public static FlatConfiguration Read(IReadOnlyDictionary<string, string> environment, string application)
    {
        var flat = new FlatConfiguration(environment);
        foreach (var name in Table)
        {
            foreach (var key in name.Keys)
            {
                flat.Set(key, name.Name, name.Read, name.OnlyWithPrefix);
            }
        }

        flat.Combine();
        if (application == Gateway)
        {
            flat.SetAddress();
            flat.SetAllowedHosts();
        }

        return flat;
    }

    // Names whose meaning depends on other names.
    private void Combine()
    {
        EnvironmentName = Value("ENVIRONMENT", HostEnvironment);
        if (Value("DEBUG", Flag) == "true")
        {
            Settings.TryAdd("Logging:LogLevel:Default", "Debug");
        }

        // Both set: the provider rotates between them.
        if (Value("GOOGLE_API_KEY", Text) is { } google && !Settings.TryAdd("Providers:Gemini:ApiKey", google))
        {
            Settings["Providers:Gemini:AlternateApiKey"] = google;
        }

        if (Value("LLM_MODE", OneOf("live", "litellm", "mock")) == "litellm")
        {
            Settings.TryAdd("Providers:LiteLlm:BaseUrl", "http://localhost:4000");
        }

        // Either of the pair replaces the limits by minute and hour, so the other one is given its own default.
        if (Settings.ContainsKey("Limits:Requests") || Settings.ContainsKey("Limits:WindowSeconds"))
        {
            Settings.TryAdd("Limits:Requests", "30");
            Settings.TryAdd("Limits:WindowSeconds", "60");
        }

        if (Value("REDIS_HOST", Text) is { } host)
        {
            var (port, database, password) = (Value("REDIS_PORT", Port), Value("REDIS_DB", AtLeast(0)), Value("REDIS_PASSWORD", RedisPassword));
            Settings.TryAdd("ConnectionStrings:redis", RedisConnectionString(host, port, database, password, tls: false));
        }

        if (_environment.Keys.FirstOrDefault(name => name.StartsWith("SUPABASE_", StringComparison.OrdinalIgnoreCase)) is { } supabase)
        {
            Warnings.Add($"{supabase} has no effect: set DATABASE_URL to the project's PostgreSQL address.");
        }
    }

    private void SetAddress()
    {
        var (host, port) = (Value("HOST", Text), Value("PORT", Port));
        if (!AddressNames.Any(_environment.ContainsKey))
        {
            Settings["urls"] = $"http://{host ?? "localhost"}:{port ?? "8000"}";
        }
    }

    // Of the gateway only: the other services are called by the names that the platform gives them. Health checks and the operator on
    // the machine itself are never strangers.
    private void SetAllowedHosts()
    {
        if (Value("ALLOWED_HOSTS", List(';')) is { } hosts)
        {
            Settings["AllowedHosts"] = $"{hosts};localhost;127.0.0.1;[::1]";
        }
    }

    private void Set(string key, string name, Func<string, FlatValue> read, bool onlyWithPrefix)
    {
        if (Value(name, read, onlyWithPrefix) is { } value)
        {
            Settings.TryAdd(key, value);
        }
    }

    private string? Value(string name, Func<string, FlatValue> read, bool onlyWithPrefix = false)
    {
        if (!_environment.TryGetValue(Prefix + name, out var text) || string.IsNullOrWhiteSpace(text))
        {
            text = onlyWithPrefix ? null : _environment.GetValueOrDefault(name);
        }

        if (string.IsNullOrWhiteSpace(text))
        {
            return null;
        }

        var value = read(text.Trim());
        var error = $"{name}: {value.Error}";
        if (value.Error is not null && !Errors.Contains(error))
        {
            Errors.Add(error);
        }

        return value.Value;
    }

    private sealed record FlatName(string Name, Func<string, FlatValue> Read, params string[] Keys)
    {
        public bool OnlyWithPrefix { get; init; }
    }
}
