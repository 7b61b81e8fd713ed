namespace LlmGateway.Routing.Catalog;

/// <summary>A deployment that is right as written. Whether it is usable depends on keys, which is no matter of the file.</summary>
internal sealed record CheckedEntry(CatalogEntry Entry, string Name, string Provider, string Model)
{
    public ModelMode Mode { get; init; } = ModelMode.Chat;

    public double Weight { get; init; } = 1;

    public int Order { get; init; } = int.MaxValue;

    public long? Rpm { get; init; }

    public long? Tpm { get; init; }

    public TimeSpan? Timeout { get; init; }

    public TimeSpan? StreamTimeout { get; init; }

    public int? Retries { get; init; }

    public TimeSpan? Cooldown { get; init; }

    public bool? DropParams { get; init; }

    public string? Strategy { get; init; }

    public bool Hedge { get; init; }

    public Rescue? Rescue { get; init; }

    public bool Prefill { get; init; }

    public long? MaxOutputTokens { get; init; }

    public TokenPrices? Prices { get; init; }
}

/// <summary>What holds for every deployment that says nothing else, and how calls are spread.</summary>
internal sealed record CheckedRouter
{
    public required string Strategy { get; init; }

    public bool PrefixAffinity { get; init; } = true;

    public int? Retries { get; init; }

    public TimeSpan? RetryDelay { get; init; }

    public int? AllowedFails { get; init; }

    public TimeSpan? Cooldown { get; init; }

    public TimeSpan? Timeout { get; init; }

    public TimeSpan? StreamTimeout { get; init; }

    public long? Rpm { get; init; }

    public long? Tpm { get; init; }

    public bool DropParams { get; init; }
}

internal sealed record CheckedCatalog(
    IReadOnlyList<CheckedEntry> Entries, IReadOnlyList<CatalogAlias> Aliases, IReadOnlyList<CatalogFallback> Fallbacks, CheckedRouter Router);
