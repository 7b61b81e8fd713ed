using System.Security.Cryptography;
using System.Text;

namespace LlmGateway.Billing.Pricing;

/// <summary>A price version to write.</summary>
/// <param name="EffectiveFrom">Null is the moment of writing.</param>
/// <param name="SourceName">Where the figures come from, in words.</param>
/// <param name="AsOf">The day, or month, that they were read: "2026-10-24".</param>
/// <param name="ContentHash">Of everything that the source says about the model in one go.</param>
internal sealed record PriceRow(
    string Provider, string Model, AnnouncedPrices Prices, DateTimeOffset? EffectiveFrom, string? SourceName, string? AsOf,
    string ContentHash)
{
    /// <summary>The earliest time that there is a price for.</summary>
    public static DateTimeOffset Always => DateTimeOffset.UnixEpoch;

    public static PriceRow Now(PricedModel model, AnnouncedPrices prices) =>
        new(model.Provider, model.Model, prices, EffectiveFrom: null, SourceName: null, AsOf: null, Hash(prices.Content));

    public static string Hash(string content) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(content)));
}
