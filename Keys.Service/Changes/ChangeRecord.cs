namespace LlmGateway.Keys.Changes;

internal enum ChangedThing
{
    Key,
    Account,
    Tariff,

    /// <summary>Many at once.</summary>
    Everything,
}

/// <summary>A change of what Verify answers. Gateways read them in the order of their positions.</summary>
internal sealed class ChangeRecord
{
    /// <summary>Given by the database, in the order of the commits: whoever writes one holds a lock until its transaction ends.</summary>
    public long Position { get; init; }

    public required ChangedThing Thing { get; init; }

    /// <summary>The key's, account's or tariff's id; empty for everything.</summary>
    public required string Subject { get; init; }

    /// <summary>By the database's clock.</summary>
    public DateTimeOffset ChangedAt { get; init; }
}
