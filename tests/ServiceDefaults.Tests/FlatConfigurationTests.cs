namespace LlmGateway.ServiceDefaults.Tests;

public sealed class FlatConfigurationTests
{
    [Theory]
    [InlineData("APP_VERSION", "2.1", "App:Version", "2.1")]
    [InlineData("LLM_PROXY__VERSION", "2.1", "App:Version", "2.1")]
    [InlineData("LOG_LEVEL", "DEBUG", "Logging:LogLevel:Default", "Debug")]
    [InlineData("LOG_LEVEL", "info", "Logging:LogLevel:Default", "Information")]
    [InlineData("LOG_LEVEL", "WARNING", "Logging:LogLevel:Default", "Warning")]
    [InlineData("LOG_LEVEL", "Error", "Logging:LogLevel:Default", "Error")]
    [InlineData("LOG_FILE", "/var/log/gateway.log", "Logging:File:Path", "/var/log/gateway.log")]
    [InlineData("DEBUG", "true", "Logging:LogLevel:Default", "Debug")]
    [InlineData("REDIS_URL", "redis://cache:6380/2", "ConnectionStrings:redis", "cache:6380,defaultDatabase=2")]
    [InlineData("REDIS_URL", "rediss://:p%40ss@cache", "ConnectionStrings:redis", "cache:6379,password=p@ss,ssl=true")]
    [InlineData("REDIS_HOST", "cache", "ConnectionStrings:redis", "cache:6379")]
    [InlineData("RATE_LIMIT_STORAGE", "Memory", "Limits:Storage", "memory")]
    [InlineData("RATE_LIMIT_REQUESTS_PER_MINUTE", "120", "Limits:RequestsPerMinute", "120")]
    [InlineData("RATE_LIMIT_REQUESTS_PER_HOUR", "5000", "Limits:RequestsPerHour", "5000")]
    [InlineData("RATE_LIMIT_GLOBAL_REQUESTS_PER_MINUTE", "9", "Limits:GlobalRequestsPerMinute", "9")]
    [InlineData("JWT_SECRET_KEY", "0123456789abcdef0123456789abcdef", "Auth:Jwt:SecretKey", "0123456789abcdef0123456789abcdef")]
    [InlineData("JWT_ALGORITHM", "hs256", "Auth:Jwt:Algorithm", "HS256")]
    [InlineData("JWT_ACCESS_TOKEN_EXPIRE_MINUTES", "5", "Auth:Jwt:ExpireMinutes", "5")]
    [InlineData("ALLOWED_API_KEYS", "sk-a, sk-b,", "Keys:Allowed", "sk-a,sk-b")]
    [InlineData("ALLOWED_API_KEYS", """["sk-a", "sk-b"]""", "Keys:Allowed", "sk-a,sk-b")]
    [InlineData("ADMIN_API_KEY", "sk-admin", "Keys:Administrator", "sk-admin")]
    [InlineData("INTERNAL_API_KEY", "sk-internal", "Keys:Internal", "sk-internal")]
    [InlineData("OPENAI_API_KEY", "sk-o", "Providers:OpenAi:ApiKey", "sk-o")]
    [InlineData("OPENAI_BASE_URL", "https://o.example/v1/", "Providers:OpenAi:BaseUrl", "https://o.example/v1")]
    [InlineData("ANTHROPIC_API_KEY", "sk-ant", "Providers:Anthropic:ApiKey", "sk-ant")]
    [InlineData("ANTHROPIC_BASE_URL", "https://a.example", "Providers:Anthropic:BaseUrl", "https://a.example")]
    [InlineData("GOOGLE_GEMINI_API_KEY", "g1", "Providers:Gemini:ApiKey", "g1")]
    [InlineData("GOOGLE_API_KEY", "g2", "Providers:Gemini:ApiKey", "g2")]
    [InlineData("GEMINI_BASE_URL", "https://g.example", "Providers:Gemini:BaseUrl", "https://g.example")]
    [InlineData("AZURE_OPENAI_API_KEY", "az", "Providers:Azure:ApiKey", "az")]
    [InlineData("AZURE_OPENAI_ENDPOINT", "https://x.openai.azure.com/", "Providers:Azure:BaseUrl", "https://x.openai.azure.com")]
    [InlineData("AZURE_OPENAI_API_VERSION", "2026-01-01", "Providers:Azure:ApiVersion", "2026-01-01")]
    [InlineData("LLM_SERVER_URL", "http://localhost:8080", "Providers:LlmServer:BaseUrl", "http://localhost:8080/v1")]
    [InlineData("LLM_SERVER_URL", "http://localhost:8080/v1/", "Providers:LlmServer:BaseUrl", "http://localhost:8080/v1")]
    [InlineData("LLM_SERVER_URL", "http://localhost:8080/v1/completions", "Providers:LlmServer:BaseUrl", "http://localhost:8080/v1")]
    [InlineData("LLM_SERVER_URL", "http://localhost:8080/v1/chat/completions", "Providers:LlmServer:BaseUrl", "http://localhost:8080/v1")]
    [InlineData("LITELLM_PROXY_URL", "http://lite:4000", "Providers:LiteLlm:BaseUrl", "http://lite:4000")]
    [InlineData("LITELLM_API_KEY", "sk-lite", "Providers:LiteLlm:ApiKey", "sk-lite")]
    [InlineData("LLM_MODE", "mock", "Providers:Mode", "mock")]
    [InlineData("LLM_MODE", "litellm", "Providers:Mode", "live")]
    [InlineData("LLM_MODE", "litellm", "Providers:LiteLlm:BaseUrl", "http://localhost:4000")]
    [InlineData("DEFAULT_MODEL", "gpt-x", "Catalog:DefaultModel", "gpt-x")]
    [InlineData("MODELS_FILE", "/etc/models.yaml", "Catalog:File", "/etc/models.yaml")]
    [InlineData("RETRY_ENABLED", "False", "Retry:Enabled", "false")]
    [InlineData("RETRY_MAX_ATTEMPTS", "5", "Retry:MaxAttempts", "5")]
    [InlineData("RETRY_BASE_DELAY", "0.5", "Retry:BaseDelaySeconds", "0.5")]
    [InlineData("RETRY_MAX_DELAY", "30", "Retry:MaxDelaySeconds", "30")]
    [InlineData("CIRCUIT_BREAKER_ENABLED", "0", "CircuitBreaker:Enabled", "false")]
    [InlineData("CIRCUIT_BREAKER_FAILURE_THRESHOLD", "7", "CircuitBreaker:FailureThreshold", "7")]
    [InlineData("CIRCUIT_BREAKER_RECOVERY_TIMEOUT", "90", "CircuitBreaker:RecoverySeconds", "90")]
    [InlineData("BILLING_ENABLED", "yes", "Billing:Enabled", "true")]
    [InlineData("BILLING_CURRENCY", "usd", "Billing:Currency", "USD")]
    [InlineData("BILLING_DEFAULT_BALANCE", "100.0", "Billing:DefaultBalance", "100")]
    [InlineData("LITE_LLM_MARKUP", "0.25", "Billing:MarkupPercent", "25")]
    [InlineData("BILLING_ON_OUTAGE", "allow", "Billing:OnOutage", "allow")]
    [InlineData("BILLING_OUTAGE_CREDIT", "1.50", "Billing:OutageCredit", "1.5")]
    [InlineData("API_DAILY_LIMIT", "50000", "Quotas:DailyTokens", "50000")]
    [InlineData("API_MONTHLY_LIMIT", "1000000", "Quotas:MonthlyTokens", "1000000")]
    [InlineData("DEFAULT_MAX_TOKENS", "50000", "Quotas:LifetimeTokens", "50000")]
    [InlineData("PROMETHEUS_ENABLED", "off", "Prometheus:Enabled", "false")]
    [InlineData("SENTRY_DSN", "https://k@sentry.example/1", "Sentry:Dsn", "https://k@sentry.example/1")]
    [InlineData("SENTRY_TRACES_SAMPLE_RATE", "0.10", "Sentry:TracesSampleRate", "0.1")]
    [InlineData("LANGFUSE_ENABLED", "true", "Langfuse:Enabled", "true")]
    [InlineData("LANGFUSE_PUBLIC_KEY", "pk", "Langfuse:PublicKey", "pk")]
    [InlineData("LANGFUSE_SECRET_KEY", "sk", "Langfuse:SecretKey", "sk")]
    [InlineData("LANGFUSE_HOST", "https://l.example", "Langfuse:Host", "https://l.example")]
    [InlineData("MODELS_CACHE_TTL_SECONDS", "10", "Caching:ModelsSeconds", "10")]
    [InlineData("HEALTH_DETAILS_PUBLIC", "true", "Health:DetailsPublic", "true")]
    [InlineData("CORS_ORIGINS", """["https://a.example","https://b.example"]""", "Cors:Origins", "https://a.example,https://b.example")]
    [InlineData("ALLOWED_HOSTS", "a.example,b.example", "AllowedHosts", "a.example;b.example;localhost;127.0.0.1;[::1]")]
    public void A_flat_name_sets_its_key(string name, string value, string key, string expected)
    {
        var flat = Read((name, value));

        flat.Errors.ShouldBeEmpty();
        flat.Settings.ShouldContainKeyAndValue(key, expected);
        Read(($"LLM_PROXY__{name.Replace("LLM_PROXY__", "", StringComparison.Ordinal)}", value)).Settings.ShouldContainKeyAndValue(key, expected);
    }

    [Theory]
    [InlineData(
        "postgres://app:p%40ss%3Bword@db.example:6543/gateway?sslmode=verify-full",
        """Host=db.example;Port=6543;Database=gateway;Username=app;Password="p@ss;word";SSL Mode=verifyfull""")]
    [InlineData("postgresql+asyncpg://db/gateway", "Host=db;Port=5432;Database=gateway")]
    [InlineData("Host=db;Database=gateway", "Host=db;Database=gateway")]
    public void DATABASE_URL_reaches_all_three_databases_in_Npgsqls_form(string url, string expected)
    {
        var flat = Read(("DATABASE_URL", url));

        flat.Errors.ShouldBeEmpty();
        foreach (var database in (string[])["keysdb", "billingdb", "routingdb"])
        {
            flat.Settings[$"ConnectionStrings:{database}"].ShouldBe(expected, StringCompareShould.IgnoreCase);
        }
    }

    [Theory]
    [InlineData("DATABASE_URL", "sqlite:///./gateway.db", "sqlite:// is not supported")]
    [InlineData("DATABASE_URL", "postgres://db", "names no host or no database")]
    [InlineData("DATABASE_URL", "postgres://db/x?pgbouncer=true", "'pgbouncer'")]
    [InlineData("REDIS_URL", "http://cache", "redis://")]
    [InlineData("REDIS_URL", "redis://cache/zero", "database number")]
    [InlineData("REDIS_URL", "redis://:a%2Cb@cache", "comma")]
    [InlineData("PORT", "eighty", "not a port number")]
    [InlineData("PORT", "65536", "not a port number")]
    [InlineData("ENVIRONMENT", "moon", "development, staging, production")]
    [InlineData("LOG_LEVEL", "LOUD", "DEBUG, INFO, WARNING, ERROR")]
    [InlineData("DEBUG", "perhaps", "neither true nor false")]
    [InlineData("RATE_LIMIT_STORAGE", "disk", "redis, memory")]
    [InlineData("RATE_LIMIT_REQUESTS", "0", "1 or more")]
    [InlineData("JWT_SECRET_KEY", "short", "32 bytes")]
    [InlineData("ALLOWED_API_KEYS", "[\"sk-a\"", "comma list or a JSON array")]
    [InlineData("ADMIN_API_KEY", "naïve", "printable ASCII")]
    [InlineData("LLM_MODE", "dead", "live, litellm, mock")]
    [InlineData("LLM_SERVER_URL", "localhost:8080", "http:// or https://")]
    [InlineData("BILLING_CURRENCY", "EUR", "USD")]
    [InlineData("BILLING_DEFAULT_BALANCE", "0.0000000001", "9 decimals")]
    [InlineData("BILLING_DEFAULT_BALANCE", "-1", "not an amount")]
    [InlineData("LITE_LLM_MARKUP", "a quarter", "fraction")]
    [InlineData("BILLING_ON_OUTAGE", "pray", "refuse, allow")]
    public void A_value_that_cannot_be_is_an_error_that_names_its_variable(string name, string value, string reason)
    {
        var flat = Read((name, value));

        var error = flat.Errors.ShouldHaveSingleItem();
        error.ShouldStartWith($"{name}: ");
        error.ShouldContain(reason);
    }

    [Fact]
    public void Every_error_is_reported_and_none_repeats_a_secret()
    {
        var flat = Read(
            ("PORT", "x"), ("BILLING_CURRENCY", "EUR"), ("ADMIN_API_KEY", "sk-geh\u00e9im"), ("DATABASE_URL", "mysql://u:geheim@h/d"));

        flat.Errors.Select(error => error.Split(':')[0]).ShouldBe(["DATABASE_URL", "ADMIN_API_KEY", "BILLING_CURRENCY", "PORT"], ignoreOrder: true);
        string.Join('\n', flat.Errors).ShouldNotContain("geh");
    }

    [Fact]
    public void An_empty_value_is_unset()
    {
        var flat = ReadFor("Keys.Service", ("OPENAI_API_KEY", ""), ("BILLING_CURRENCY", " "));

        flat.Settings.ShouldBeEmpty();
        flat.Errors.ShouldBeEmpty();
    }

    [Fact]
    public void The_name_with_the_prefix_wins() =>
        Read(("DEFAULT_MODEL", "a"), ("LLM_PROXY__DEFAULT_MODEL", "b")).Settings["Catalog:DefaultModel"].ShouldBe("b");

    [Fact]
    public void VERSION_means_something_only_with_the_prefix() => ReadFor("Keys.Service", ("VERSION", "7")).Settings.ShouldBeEmpty();

    [Fact]
    public void LOG_LEVEL_wins_over_DEBUG() =>
        Read(("DEBUG", "true"), ("LOG_LEVEL", "ERROR")).Settings["Logging:LogLevel:Default"].ShouldBe("Error");

    [Fact]
    public void Both_Gemini_keys_are_kept()
    {
        var flat = Read(("GOOGLE_GEMINI_API_KEY", "g1"), ("GOOGLE_API_KEY", "g2"));

        flat.Settings["Providers:Gemini:ApiKey"].ShouldBe("g1");
        flat.Settings["Providers:Gemini:AlternateApiKey"].ShouldBe("g2");
    }

    [Theory]
    [InlineData("RATE_LIMIT_REQUESTS", "5", "5", "60")]
    [InlineData("RATE_LIMIT_WINDOW", "10", "30", "10")]
    public void Either_of_requests_and_window_brings_the_others_default(string name, string value, string requests, string window)
    {
        var flat = Read((name, value));

        flat.Settings["Limits:Requests"].ShouldBe(requests);
        flat.Settings["Limits:WindowSeconds"].ShouldBe(window);
    }

    [Fact]
    public void Redis_is_put_together_from_its_parts_unless_there_is_a_url()
    {
        (string, string)[] parts = [("REDIS_HOST", "h"), ("REDIS_PORT", "6380"), ("REDIS_DB", "3"), ("REDIS_PASSWORD", "pw")];

        Read(parts).Settings["ConnectionStrings:redis"].ShouldBe("h:6380,password=pw,defaultDatabase=3");
        Read([.. parts, ("REDIS_URL", "redis://other")]).Settings["ConnectionStrings:redis"].ShouldBe("other:6379");
    }

    [Fact]
    public void HOST_and_PORT_reach_only_the_gateway_and_yield_to_its_own_address()
    {
        Read(("PORT", "9000")).Settings["urls"].ShouldBe("http://localhost:9000");
        Read(("HOST", "0.0.0.0")).Settings["urls"].ShouldBe("http://0.0.0.0:8000");
        Read(("PORT", "9000"), ("ASPNETCORE_URLS", "http://localhost:1")).Settings.ShouldNotContainKey("urls");
        Read().Settings["urls"].ShouldBe("http://localhost:8000");
        ReadFor("Keys.Service", ("PORT", "9000")).Settings.ShouldNotContainKey("urls");
    }

    [Fact]
    public void ALLOWED_HOSTS_does_not_reach_services_that_only_ours_call() =>
        ReadFor("Keys.Service", ("ALLOWED_HOSTS", "api.example")).Settings.ShouldNotContainKey("AllowedHosts");

    [Theory]
    [InlineData("redis://app:secret@cache:6379")]
    [InlineData("redis://cache:6379?ssl=true")]
    public void A_Redis_address_that_the_client_cannot_follow_is_an_error(string url) =>
        Read(("REDIS_URL", url)).Errors.ShouldHaveSingleItem().ShouldNotContain("secret");

    [Fact]
    public void A_Supabase_name_is_answered_with_the_name_that_works() =>
        Read(("SUPABASE_URL", "https://x.supabase.co")).Warnings.ShouldHaveSingleItem().ShouldContain("DATABASE_URL");

    private static FlatConfiguration Read(params (string Name, string Value)[] environment) => ReadFor("Gateway.Api", environment);

    private static FlatConfiguration ReadFor(string application, params (string Name, string Value)[] environment) =>
        FlatConfiguration.Read(environment.ToDictionary(pair => pair.Name, pair => pair.Value, StringComparer.OrdinalIgnoreCase), application);
}
