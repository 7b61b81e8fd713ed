using System.ComponentModel.DataAnnotations;

namespace LlmGateway.Routing.Health;

/// <summary>Section "CircuitBreaker": when a deployment or a key is left alone, and for how long. Times are seconds.</summary>
internal sealed class BreakerOptions
{
    public const string Section = "CircuitBreaker";

    /// <summary>False: failures never open a breaker. What a provider says of itself (its rate limit, its credit, a refused key) is kept to all the same.</summary>
    public bool Enabled { get; set; } = true;

    /// <summary>So many failures among the last twice as many calls open a deployment's breaker.</summary>
    [Range(1, 1000)]
    public int FailureThreshold { get; set; } = 5;

    /// <summary>How long an open breaker keeps calls away; then one call at a time tries it.</summary>
    [Range(0.01, 86_400)]
    public double RecoverySeconds { get; set; } = 60;

    /// <summary>After a rate limit (429) that does not say when to come back.</summary>
    [Range(0, 86_400)]
    public double RateLimitedSeconds { get; set; } = 5;

    /// <summary>Of a key whose credit is spent: somebody has to pay first.</summary>
    [Range(0, 864_000)]
    public double CreditSpentSeconds { get; set; } = 2 * 3600;

    /// <summary>Of a key that the provider refused.</summary>
    [Range(0, 86_400)]
    public double RefusedKeySeconds { get; set; } = 300;

    /// <summary>How long a deployment that is new or has recovered takes to get its whole share of calls. 0: at once.</summary>
    [Range(0, 3600)]
    public double SlowStartSeconds { get; set; } = 30;
}
