namespace LlmGateway.Billing.Data;

// What administrators did, as it is stored; every amount is in nano-dollars.

/// <summary>What an administrator posted: the other half of a posting of kind top_up or refund, and of an adjustment without a call.</summary>
internal sealed class Booking
{
    public long PostingId { get; init; }

    /// <summary>The call that is refunded.</summary>
    public string? RequestId { get; init; }

    /// <summary>The amount asked for; null is all that was left of the call's.</summary>
    public long? Wanted { get; init; }

    /// <summary>What the account's balance gained.</summary>
    public long Amount { get; init; }
    public string? IdempotencyKey { get; init; }
    public string? Note { get; init; }

    /// <summary><c>{"account_id":"admin","key_id":"...","masked_key":"sk-llmgw...","request_id":"req_..."}</c></summary>
    public required string Actor { get; init; }
}

/// <summary>What an account's overdraft became, and by whom.</summary>
internal sealed class OverdraftChange
{
    public long Id { get; init; }
    public required string AccountId { get; init; }
    public long Overdraft { get; init; }
    public string? Note { get; init; }

    /// <summary>As in <see cref="Booking.Actor"/>.</summary>
    public required string Actor { get; init; }
    public DateTimeOffset CreatedAt { get; init; }
}
