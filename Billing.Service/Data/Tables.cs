namespace LlmGateway.Billing.Data;

// Rows as they are stored; every amount is in nano-dollars. Written by the functions in Migrations/LedgerFunctions only.

internal sealed class Account
{
    public required string Id { get; init; }
    public long Balance { get; init; }
    public long Held { get; init; }

    /// <summary>How far below zero the balance may go. With one, holds are estimates.</summary>
    public long Overdraft { get; init; }
    public DateTimeOffset OpenedAt { get; init; }
}

/// <summary>One event of the ledger. Its entries sum to zero.</summary>
internal sealed class Posting
{
    public long Id { get; init; }
    public required string Kind { get; init; }
    public required string AccountId { get; init; }
    public string? RequestId { get; init; }

    /// <summary>The model's name as the client wrote it.</summary>
    public string? Model { get; init; }
    public long? PriceVersion { get; init; }
    public long BalanceAfter { get; init; }
    public DateTimeOffset CreatedAt { get; init; }

    /// <summary>
    /// Of a provider call's cost: which of the call's attempts it was, from 1, and who was asked and billed what. 0 where it is not known which.
    /// All null of other postings, and where the cost of the whole call was corrected.
    /// </summary>
    public int? Attempt { get; init; }
    public string? Provider { get; init; }

    /// <summary>The provider's name of it.</summary>
    public string? ProviderModel { get; init; }
    public string? Deployment { get; init; }
    public long? InputTokens { get; init; }
    public long? CachedInputTokens { get; init; }
    public long? CacheWriteTokens { get; init; }
    public long? CacheWrite1hTokens { get; init; }
    public long? OutputTokens { get; init; }
    public long? ReasoningTokens { get; init; }
}

internal sealed class Entry
{
    public long PostingId { get; init; }
    public required string Book { get; init; }
    public required string AccountId { get; init; }
    public long Amount { get; init; }
}

internal sealed class Hold
{
    public required string RequestId { get; init; }
    public required string AccountId { get; init; }
    public string? KeyId { get; init; }
    public long Amount { get; init; }
    public long PromptTokens { get; init; }
    public long OutputTokens { get; init; }

    /// <summary>The newest price version known when the hold was made.</summary>
    public long PriceBook { get; init; }

    /// <summary>
    /// What the call may reach, and the price version of each: <c>[{"provider":"openai","model":"gpt-4o","price_version":7}]</c>.
    /// Growth and settlement are priced by them.
    /// </summary>
    public required string Candidates { get; init; }
    public int MarkupBasisPoints { get; init; }
    public required string State { get; init; }
    public DateTimeOffset CreatedAt { get; init; }
    public DateTimeOffset ExpiresAt { get; init; }
    public DateTimeOffset? ClosedAt { get; init; }

    /// <summary>The provider calls of a released hold; those of a settled one are with its charge.</summary>
    public string? Attempts { get; init; }

    /// <summary>Where a released call could have gone, as of a charge.</summary>
    public string? Considered { get; init; }

    /// <summary>The key's limits: tokens in all, a day and a month, nano-dollars likewise. Null: the key has none and its windows do not count the hold.</summary>
    public long?[]? Limits { get; init; }

    /// <summary>Tokens that the key's windows count as held.</summary>
    public long CountedTokens { get; init; }

    /// <summary>The amount covers the call's output bound, and not just an estimate.</summary>
    public bool Bounded { get; init; }
}

/// <summary>What one settled call used and cost.</summary>
internal sealed class Charge
{
    public required string RequestId { get; init; }
    public required string AccountId { get; init; }
    public string? KeyId { get; init; }
    public required string RequestedModel { get; init; }
    public required string Provider { get; init; }
    public required string Model { get; init; }
    public required string Deployment { get; init; }
    public long InputTokens { get; init; }
    public long CachedInputTokens { get; init; }
    public long CacheWriteTokens { get; init; }
    public long CacheWrite1hTokens { get; init; }
    public long OutputTokens { get; init; }
    public long ReasoningTokens { get; init; }
    public bool Estimated { get; init; }
    public long Cost { get; init; }
    public long WrittenOff { get; init; }
    public long ProviderCost { get; init; }
    public int MarkupBasisPoints { get; init; }
    public long PriceVersion { get; init; }
    public long BalanceAfter { get; init; }
    public DateTimeOffset StartedAt { get; init; }
    public int TimeToFirstTokenMs { get; init; }
    public int TotalMs { get; init; }
    public required string Attempts { get; init; }

    /// <summary>Where the call could have gone, in this order: <c>[{"deployment":"a"},{"deployment":"b","ruled_out":"errors"}]</c>. Null: not told.</summary>
    public string? Considered { get; init; }
    public DateTimeOffset CreatedAt { get; init; }

    /// <summary>whole, empty, broken, client_left or failed.</summary>
    public required string Ending { get; init; }

    /// <summary>The customer does not pay for the answer.</summary>
    public bool Free { get; init; }

    /// <summary>Of the cost and of the provider cost, what belongs to attempts that did not answer.</summary>
    public long WastedPrice { get; init; }
    public long WastedCost { get; init; }
}

/// <summary>What one key's settled calls used of one model on a UTC day: that of their holds. Reratings and refunds are counted in.</summary>
internal sealed class UsageDay
{
    public required string AccountId { get; init; }

    /// <summary>Empty without a key.</summary>
    public required string KeyId { get; init; }
    public DateOnly Day { get; init; }

    /// <summary>As the clients wrote it.</summary>
    public required string Model { get; init; }
    public required string Provider { get; init; }
    public long Requests { get; init; }
    public long InputTokens { get; init; }
    public long CachedInputTokens { get; init; }

    /// <summary>However long the provider keeps them.</summary>
    public long CacheWriteTokens { get; init; }
    public long OutputTokens { get; init; }
    public long ReasoningTokens { get; init; }
    public long Cost { get; init; }
    public long WrittenOff { get; init; }
    public long ProviderCost { get; init; }
}

/// <summary>What a key has used and holds in one window of its limits. Only keys that ever had a limit have windows.</summary>
internal sealed class KeyWindow
{
    public required string AccountId { get; init; }
    public required string KeyId { get; init; }

    /// <summary>total, day or month.</summary>
    public required string Kind { get; init; }

    /// <summary>UTC; 1970-01-01 for total.</summary>
    public DateOnly Starts { get; init; }
    public long UsedTokens { get; init; }
    public long UsedCost { get; init; }
    public long HeldTokens { get; init; }
    public long HeldCost { get; init; }
}

/// <summary>A charge that was given another price: what its call costs from then on, and what the account's balance gained by it.</summary>
internal sealed class Rerating
{
    public long Id { get; init; }
    public required string RequestId { get; init; }
    public required string AccountId { get; init; }
    public long PriceVersion { get; init; }
    public long Cost { get; init; }
    public long ProviderCost { get; init; }

    /// <summary>Of the cost, by the charge and every rerating together.</summary>
    public long WrittenOff { get; init; }
    public long Amount { get; init; }
    public DateTimeOffset CreatedAt { get; init; }
}

/// <summary>What one source says that a model costs, per million tokens, from <see cref="EffectiveFrom"/> on.</summary>
internal sealed class PriceVersion
{
    public long Id { get; init; }
    public required string Provider { get; init; }
    public required string Model { get; init; }

    /// <summary>administrator, catalogue or file.</summary>
    public required string Source { get; init; }
    public long? Input { get; init; }
    public long? CachedInput { get; init; }
    public long? CacheWrite { get; init; }
    public long? CacheWrite1h { get; init; }
    public long? Output { get; init; }
    public long? Reasoning { get; init; }

    /// <summary>For each call.</summary>
    public long? PerRequest { get; init; }

    /// <summary><c>[{"prompt_tokens_above":200000,"input":2500000000,"output":15000000000}]</c></summary>
    public string? Tiers { get; init; }

    /// <summary>The model whose prices are meant.</summary>
    public string? SameAsProvider { get; init; }
    public string? SameAsModel { get; init; }
    public DateTimeOffset EffectiveFrom { get; init; }

    /// <summary>Where the figures come from, and the day or month that they were read.</summary>
    public string? SourceName { get; init; }
    public string? AsOf { get; init; }

    /// <summary>Of all that the source said about the model in one go.</summary>
    public required string ContentHash { get; init; }
    public DateTimeOffset CreatedAt { get; init; }

    /// <summary>Of an administrator's: who set it, as in <see cref="Booking.Actor"/>.</summary>
    public string? Actor { get; init; }
}
