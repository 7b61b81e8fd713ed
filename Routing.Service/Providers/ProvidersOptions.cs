using LlmGateway.Routing.Catalog;

namespace LlmGateway.Routing.Providers;

/// <summary>Section "Providers": what the operator has accounts for.</summary>
internal sealed class ProvidersOptions
{
    public const string MockMode = "mock";

    /// <summary>"mock" lets the mock answer everything; "live" or empty uses the providers below (LLM_MODE).</summary>
    public string Mode { get; set; } = "";

    public ProviderAccount OpenAi { get; set; } = new();

    /// <summary>One OpenAI-compatible server of one's own: its models are read from it (LLM_SERVER_URL).</summary>
    public ProviderAccount LlmServer { get; set; } = new();

    public ProviderAccount Anthropic { get; set; } = new();

    public ProviderAccount Gemini { get; set; } = new();

    public ProviderAccount Azure { get; set; } = new();

    public ProviderAccount LiteLlm { get; set; } = new();

    public bool AnyConfigured => new[] { OpenAi, LlmServer, Anthropic, Gemini, Azure, LiteLlm }.Any(account => account.IsSet);
}

internal sealed class ProviderAccount
{
    /// <summary>Several keys, with commas between them, are used in turn.</summary>
    public string ApiKey { get; set; } = "";

    /// <summary>Further keys, where they have a name of their own (GOOGLE_API_KEY beside GOOGLE_GEMINI_API_KEY).</summary>
    public string AlternateApiKey { get; set; } = "";

    /// <summary>Empty is the vendor's own address.</summary>
    public string BaseUrl { get; set; } = "";

    /// <summary>Of Azure's API; empty for the one without versions.</summary>
    public string ApiVersion { get; set; } = "";

    public IReadOnlyList<ProviderKey> Keys => ProviderKey.Split(ApiKey, AlternateApiKey);

    public bool IsSet => ApiKey.Length > 0 || BaseUrl.Length > 0;
}
