namespace LlmGateway.Routing.Health;

/// <summary>Why something is left alone.</summary>
internal enum CooldownReason
{
    None,

    /// <summary>The provider's rate limit.</summary>
    RateLimited,

    /// <summary>The account's credit at the provider.</summary>
    CreditSpent,

    /// <summary>The provider did not take the key.</summary>
    KeyRefused,

    /// <summary>Failures opened the breaker, or the provider asked for a pause.</summary>
    Failing,

    /// <summary>The time is over, and one call is finding out whether it works again.</summary>
    Probing,

    /// <summary>An administrator said so.</summary>
    Operator,
}

/// <summary>Until when something is left alone, by <see cref="HealthBoard.Now"/>, and why.</summary>
internal readonly record struct Cooldown(TimeSpan Until, CooldownReason Reason)
{
    /// <summary>As clients, metrics and administrators have it.</summary>
    public string Name => Reason switch
    {
        CooldownReason.None => "",
        CooldownReason.RateLimited => "rate_limited",
        CooldownReason.CreditSpent => "credit_spent",
        CooldownReason.KeyRefused => "key_refused",
        CooldownReason.Failing => "failing",
        CooldownReason.Probing => "probing",
        CooldownReason.Operator => "operator",
        _ => throw new InvalidOperationException($"{Reason} is not a reason that has a name."),
    };

    /// <summary>Of two the one that ends later: a short one never ends a long one.</summary>
    public Cooldown Or(Cooldown other) => other.Until > Until ? other : this;
}
