namespace LlmGateway.Gateway.Health;

/// <summary>Section <c>Billing</c>: what the gateway has to know of it.</summary>
internal sealed class BillingOptions
{
    public const string Section = "Billing";

    /// <summary>False (BILLING_ENABLED=false): no call is charged, and none waits for Billing.Service.</summary>
    public bool Enabled { get; set; } = true;
}
