namespace LlmGateway.Billing.Pricing;

/// <summary>Who states a price. Of those that do, the first one named here wins.</summary>
internal static class PriceSource
{
    /// <summary>An administrator of this installation.</summary>
    public const string Administrator = "administrator";

    /// <summary>The catalogue of models, announced by Routing.</summary>
    public const string Catalogue = "catalogue";

    /// <summary>The price file, shipped or the operator's.</summary>
    public const string File = "file";
}
