namespace LlmGateway.Routing.Catalog;

/// <summary>A catalogue file as written: texts and their lines, nothing checked but the shape.</summary>
internal sealed record CatalogDocument(
    IReadOnlyList<CatalogEntry> Entries,
    IReadOnlyList<CatalogAlias> Aliases,
    CatalogRouter Router)
{
    public static CatalogDocument Empty { get; } = new([], [], new CatalogRouter());
}

/// <summary>A scalar and the line that it stands on.</summary>
internal sealed record CatalogText(string Value, long Line);

internal sealed record CatalogAlias(string Name, string Target, long Line);

internal enum FallbackKind
{
    /// <summary>Every deployment of the model has failed.</summary>
    Any,

    /// <summary>The prompt is too long for the model.</summary>
    ContextWindow,

    /// <summary>The model's content policy refuses the request.</summary>
    ContentPolicy,
}

/// <param name="Key">The key that it is of, for problems.</param>
/// <param name="Model">Whose; "*" stands for every model without fallbacks of its own.</param>
/// <param name="Targets">Tried in turn.</param>
internal sealed record CatalogFallback(FallbackKind Kind, string Key, CatalogText Model, IReadOnlyList<CatalogText> Targets);

/// <summary>router_settings, and what litellm_settings has of the same.</summary>
internal sealed record CatalogRouter
{
    public CatalogText? Strategy { get; init; }

    public CatalogText? PrefixAffinity { get; init; }

    public CatalogText? Retries { get; init; }

    public CatalogText? RetryDelay { get; init; }

    public CatalogText? AllowedFails { get; init; }

    public CatalogText? Cooldown { get; init; }

    public CatalogText? Timeout { get; init; }

    public CatalogText? StreamTimeout { get; init; }

    public CatalogText? Rpm { get; init; }

    public CatalogText? Tpm { get; init; }

    public CatalogText? DropParams { get; init; }

    public IReadOnlyList<CatalogFallback> Fallbacks { get; init; } = [];
}

/// <summary>One item of model_list: a deployment.</summary>
internal sealed record CatalogEntry(long Line)
{
    /// <summary>By an administrator, and not in the file.</summary>
    public bool IsAdded { get; init; }

    public CatalogText? Name { get; init; }

    /// <summary>"provider/model", or a bare model name whose provider is inferred.</summary>
    public CatalogText? Model { get; init; }

    public CatalogText? ApiBase { get; init; }

    public CatalogText? ApiKey { get; init; }

    public CatalogText? ApiVersion { get; init; }

    public CatalogText? Weight { get; init; }

    public CatalogText? Order { get; init; }

    public CatalogText? Rpm { get; init; }

    public CatalogText? Tpm { get; init; }

    public CatalogText? Timeout { get; init; }

    public CatalogText? StreamTimeout { get; init; }

    public CatalogText? Retries { get; init; }

    public CatalogText? Cooldown { get; init; }

    public CatalogText? DropParams { get; init; }

    public CatalogText? Id { get; init; }

    public CatalogText? BaseModel { get; init; }

    public CatalogText? Strategy { get; init; }

    public CatalogText? Hedge { get; init; }

    public CatalogText? Rescue { get; init; }

    /// <summary>supports_assistant_prefill</summary>
    public CatalogText? Prefill { get; init; }

    public CatalogText? Mode { get; init; }

    public CatalogText? MaxOutputTokens { get; init; }

    public CatalogText? Input { get; init; }

    public CatalogText? CachedInput { get; init; }

    public CatalogText? CacheWrite { get; init; }

    public CatalogText? Output { get; init; }

    public CatalogText? CacheWrite1h { get; init; }

    public CatalogText? Reasoning { get; init; }

    public CatalogText? PerRequest { get; init; }

    /// <summary>By key: input_cost_per_token_above_200k_tokens and so on.</summary>
    public IReadOnlyList<(string Key, CatalogText Price)> Tiers { get; init; } = [];
}
