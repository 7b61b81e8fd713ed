namespace LlmGateway.Routing.Catalog;

/// <summary>A catalogue file as written: texts and their lines, nothing checked but the shape.</summary>
internal sealed record CatalogDocument(
    IReadOnlyList<CatalogEntry> Entries,
    IReadOnlyList<CatalogAlias> Aliases,
    CatalogText? Strategy)
{
    public static CatalogDocument Empty { get; } = new([], [], null);
}

/// <summary>A scalar and the line that it stands on.</summary>
internal sealed record CatalogText(string Value, long Line);

internal sealed record CatalogAlias(string Name, string Target, long Line);

/// <summary>One item of model_list: a deployment.</summary>
internal sealed record CatalogEntry(long Line)
{
    public CatalogText? Name { get; init; }

    /// <summary>"provider/model", or a bare model name whose provider is inferred.</summary>
    public CatalogText? Model { get; init; }

    public CatalogText? ApiBase { get; init; }

    public CatalogText? ApiKey { get; init; }

    public CatalogText? Weight { get; init; }

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
