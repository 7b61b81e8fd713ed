using System.Globalization;
using Google.Protobuf.WellKnownTypes;
using LlmGateway.Billing.Pricing;
using LlmGateway.Protos.Billing.V1;
using PriceVersion = LlmGateway.Protos.Billing.V1.PriceVersion;

namespace LlmGateway.Billing.Grpc;

/// <summary>Prices and what became of charges, as messages.</summary>
internal static class PriceMessages
{
    public static PriceVersion ToMessage(this ListedPrice listed) => new()
    {
        Id = listed.Id,
        Price = ToMessage(listed.Model, listed.Prices),
        Source = listed.Source,
        State = listed.State,
        EffectiveFrom = listed.EffectiveFrom == PriceRow.Always ? null : Timestamp.FromDateTimeOffset(listed.EffectiveFrom),
        SourceName = listed.SourceName ?? "",
        AsOf = listed.AsOf ?? "",
        CreatedAt = Timestamp.FromDateTimeOffset(listed.CreatedAt),
        Actor = listed.Actor?.ToMessage(),
    };

    public static RerateReply ToMessage(this Rerated done) => new()
    {
        Examined = done.Examined,
        Adjusted = done.Adjusted,
        ChargedNanoUsd = done.Charged,
        GivenBackNanoUsd = done.GivenBack,
        WrittenOffNanoUsd = done.WrittenOff,
        Unpriced = done.Unpriced,
        Refunded = done.Refunded,
        NextCursor = done.Next is var (at, requestId) ? string.Create(CultureInfo.InvariantCulture, $"{at.UtcTicks}_{requestId}") : "",
    };

    public static string Cursor(long id) => id.ToString(CultureInfo.InvariantCulture);

    public static long? Cursor(string cursor) => cursor.Length == 0 ? null
        : long.TryParse(cursor, NumberStyles.None, CultureInfo.InvariantCulture, out var id) ? id
        : throw Fields.Invalid("cursor", "is none that was given out.");

    /// <summary>638993000000000000_req_01JD3ZK5T0Q8M7V4N2X9B6C1RE</summary>
    public static (DateTimeOffset At, string RequestId)? ChargeCursor(string cursor)
    {
        if (cursor.Length == 0)
        {
            return null;
        }

        var split = cursor.IndexOf('_', StringComparison.Ordinal);
        return split > 0 && long.TryParse(cursor.AsSpan(0, split), NumberStyles.None, CultureInfo.InvariantCulture, out var ticks)
            && ticks <= DateTime.MaxValue.Ticks && cursor.Length < 100 && !cursor.Any(char.IsControl)
            ? (new DateTimeOffset(ticks, TimeSpan.Zero), cursor[(split + 1)..])
            : throw Fields.Invalid("cursor", "is none that was given out.");
    }

    private static ModelPrice ToMessage(PricedModel model, AnnouncedPrices prices)
    {
        var message = new ModelPrice { Provider = model.Provider, Model = model.Model, Tiers = { prices.Tiers.Select(ToMessage) } };
        Set(prices.Input, value => message.Input = value);
        Set(prices.CachedInput, value => message.CachedInput = value);
        Set(prices.CacheWrite, value => message.CacheWrite = value);
        Set(prices.CacheWrite1h, value => message.CacheWrite1H = value);
        Set(prices.Output, value => message.Output = value);
        Set(prices.Reasoning, value => message.Reasoning = value);
        Set(prices.PerRequest, value => message.PerRequest = value);
        if (prices.SameAs is { } other)
        {
            message.SameAs = new() { Provider = other.Provider, Model = other.Model };
        }

        return message;
    }

    private static Protos.Billing.V1.PriceTier ToMessage(Pricing.PriceTier tier)
    {
        var message = new Protos.Billing.V1.PriceTier { PromptTokensAbove = tier.PromptTokensAbove };
        Set(tier.Input, value => message.Input = value);
        Set(tier.CachedInput, value => message.CachedInput = value);
        Set(tier.CacheWrite, value => message.CacheWrite = value);
        Set(tier.CacheWrite1h, value => message.CacheWrite1H = value);
        Set(tier.Output, value => message.Output = value);
        Set(tier.Reasoning, value => message.Reasoning = value);
        return message;
    }

    private static void Set(long? stated, Action<long> set)
    {
        if (stated is { } value)
        {
            set(value);
        }
    }
}
