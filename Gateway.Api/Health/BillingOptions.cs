using System.ComponentModel.DataAnnotations;

namespace LlmGateway.Gateway.Health;

/// <summary>Section <c>Billing</c>: what the gateway has to know of it.</summary>
internal sealed class BillingOptions
{
    public const string Section = "Billing";
    public const int PaymentRequired = 402;
    public const int TooManyRequests = 429;

    /// <summary>False (BILLING_ENABLED=false): no call is charged, and none waits for Billing.Service.</summary>
    public bool Enabled { get; set; } = true;

    /// <summary>US dollars that an answer of the response cache costs. Billing reads it too, and charges it: here it decides whether Billing is waited for.</summary>
    [Range(typeof(decimal), "0", "1000", ErrorMessage = "Billing:CacheHitPrice: must be between {1} and {2}.")]
    public decimal CacheHitPrice { get; set; }

    /// <summary>The status of a refusal for want of money or tokens: what OpenAI's clients expect, or 402.</summary>
    [AllowedValues(PaymentRequired, TooManyRequests, ErrorMessage = "Billing:RefusalStatus: must be 402 or 429.")]
    public int RefusalStatus { get; set; } = TooManyRequests;
}
