using System.Text.Json.Serialization;
using LlmGateway.Gateway.Calls;
using LlmGateway.Protos.Billing.V1;

namespace LlmGateway.Gateway.Admin;

/// <summary>USD per million tokens; null is not stated.</summary>
internal sealed record PriceTierBody(
    long? PromptTokensAbove,
    UsdAmount? Input,
    UsdAmount? CachedInput,
    UsdAmount? CacheWrite,
    [property: JsonPropertyName("cache_write_1h")] UsdAmount? CacheWrite1h,
    UsdAmount? Output,
    UsdAmount? Reasoning)
{
    public static PriceTierBody From(PriceTier tier) => new(
        tier.PromptTokensAbove,
        tier.HasInput ? new(tier.Input) : null,
        tier.HasCachedInput ? new(tier.CachedInput) : null,
        tier.HasCacheWrite ? new(tier.CacheWrite) : null,
        tier.HasCacheWrite1H ? new(tier.CacheWrite1H) : null,
        tier.HasOutput ? new(tier.Output) : null,
        tier.HasReasoning ? new(tier.Reasoning) : null);

    public PriceTier ToProto()
    {
        var tier = new PriceTier { PromptTokensAbove = PromptTokensAbove ?? 0 };
        PriceFields.Set(Input, value => tier.Input = value);
        PriceFields.Set(CachedInput, value => tier.CachedInput = value);
        PriceFields.Set(CacheWrite, value => tier.CacheWrite = value);
        PriceFields.Set(CacheWrite1h, value => tier.CacheWrite1H = value);
        PriceFields.Set(Output, value => tier.Output = value);
        PriceFields.Set(Reasoning, value => tier.Reasoning = value);
        return tier;
    }
}

/// <summary>One price version.</summary>
/// <param name="Actor">The administrator who set it; null of other sources, and where it was not recorded.</param>
/// <param name="SameAs">provider/model whose prices are meant.</param>
/// <param name="EffectiveFrom">Null is since ever.</param>
internal sealed record PriceBody(
    string Object,
    long Id,
    string Provider,
    string Model,
    string Source,
    string State,
    UsdAmount? Input,
    UsdAmount? CachedInput,
    UsdAmount? CacheWrite,
    [property: JsonPropertyName("cache_write_1h")] UsdAmount? CacheWrite1h,
    UsdAmount? Output,
    UsdAmount? Reasoning,
    UsdAmount? PerRequest,
    IReadOnlyList<PriceTierBody> Tiers,
    string? SameAs,
    DateTime? EffectiveFrom,
    string? SourceName,
    string? AsOf,
    DateTime? CreatedAt,
    ActorBody? Actor)
{
    public static PriceBody From(PriceVersion version)
    {
        var price = version.Price;
        return new(
            "price",
            version.Id,
            price.Provider,
            price.Model,
            version.Source,
            version.State,
            price.HasInput ? new(price.Input) : null,
            price.HasCachedInput ? new(price.CachedInput) : null,
            price.HasCacheWrite ? new(price.CacheWrite) : null,
            price.HasCacheWrite1H ? new(price.CacheWrite1H) : null,
            price.HasOutput ? new(price.Output) : null,
            price.HasReasoning ? new(price.Reasoning) : null,
            price.HasPerRequest ? new(price.PerRequest) : null,
            [.. price.Tiers.Select(PriceTierBody.From)],
            price.SameAs is { } other ? $"{other.Provider}/{other.Model}" : null,
            TimeField.ToJson(version.EffectiveFrom),
            version.SourceName.Length > 0 ? version.SourceName : null,
            version.AsOf.Length > 0 ? version.AsOf : null,
            TimeField.ToJson(version.CreatedAt),
            ActorBody.From(version.Actor));
    }
}

/// <param name="EffectiveFrom">Null is now.</param>
/// <param name="Withdraw">The administrators' price is taken back; goes with no price.</param>
internal sealed record NewPriceBody(
    string? Provider,
    string? Model,
    UsdAmount? Input,
    UsdAmount? CachedInput,
    UsdAmount? CacheWrite,
    [property: JsonPropertyName("cache_write_1h")] UsdAmount? CacheWrite1h,
    UsdAmount? Output,
    UsdAmount? Reasoning,
    UsdAmount? PerRequest,
    IReadOnlyList<PriceTierBody>? Tiers,
    DateTimeOffset? EffectiveFrom,
    string? SourceName,
    bool? Withdraw)
{
    // No prices at all mean a withdrawal to Billing; here that has to be said, lest a slip takes a price away.
    public ApiError? Fault() => this switch
    {
        { Provider: null or "" } => ApiErrors.Missing("provider"),
        { Model: null or "" } => ApiErrors.Missing("model"),
        { Withdraw: true } => Input is null && Output is null && CachedInput is null && CacheWrite is null && CacheWrite1h is null
            && Reasoning is null && PerRequest is null && Tiers is null or { Count: 0 }
                ? null
                : ApiErrors.Invalid("withdraw", "without any price beside it"),
        { Input: null } => ApiErrors.Missing("input"),
        { Output: null } => ApiErrors.Missing("output"),
        _ => Tiers?.Any(tier => tier is null) == true ? ApiErrors.Invalid("tiers", "a list of objects") : null,
    };

    public SetPriceRequest ToRequest(Actor? actor = null)
    {
        var price = new ModelPrice { Provider = Provider, Model = Model, Tiers = { (Tiers ?? []).Select(tier => tier.ToProto()) } };
        PriceFields.Set(Input, value => price.Input = value);
        PriceFields.Set(CachedInput, value => price.CachedInput = value);
        PriceFields.Set(CacheWrite, value => price.CacheWrite = value);
        PriceFields.Set(CacheWrite1h, value => price.CacheWrite1H = value);
        PriceFields.Set(Output, value => price.Output = value);
        PriceFields.Set(Reasoning, value => price.Reasoning = value);
        PriceFields.Set(PerRequest, value => price.PerRequest = value);
        return new() { Price = price, EffectiveFrom = TimeField.ToProto(EffectiveFrom), SourceName = SourceName ?? "", Actor = actor };
    }
}

/// <param name="Model">provider/model; null is every model.</param>
internal sealed record RerateBody(DateTimeOffset? From, DateTimeOffset? To, string? Model, bool? DryRun, string? Cursor)
{
    public ApiError? Fault() => this switch
    {
        { From: null } => ApiErrors.Missing("from"),
        { To: null } => ApiErrors.Missing("to"),
        { Model: { } model } when model.IndexOf('/', StringComparison.Ordinal) <= 0 || model.EndsWith('/') =>
            ApiErrors.Invalid("model", "of the form provider/model"),
        _ => null,
    };

    public RerateRequest ToRequest()
    {
        var request = new RerateRequest
        {
            From = TimeField.ToProto(From),
            To = TimeField.ToProto(To),
            DryRun = DryRun ?? false,
            Cursor = Cursor ?? "",
        };
        if (Model is { } model)
        {
            var slash = model.IndexOf('/', StringComparison.Ordinal);
            request.Model = new() { Provider = model[..slash], Model = model[(slash + 1)..] };
        }

        return request;
    }
}

/// <param name="NextCursor">To be sent again to go on; null when the period is done.</param>
internal sealed record ReratedBody(
    string Object, long Examined, long Adjusted, UsdAmount Charged, UsdAmount GivenBack, UsdAmount WrittenOff, long Unpriced, long Refunded,
    string? NextCursor)
{
    public static ReratedBody From(RerateReply reply) => new(
        "rerating", reply.Examined, reply.Adjusted, new(reply.ChargedNanoUsd), new(reply.GivenBackNanoUsd), new(reply.WrittenOffNanoUsd),
        reply.Unpriced, reply.Refunded, reply.NextCursor.Length > 0 ? reply.NextCursor : null);
}

internal static class PriceFields
{
    public static void Set(UsdAmount? stated, Action<long> set)
    {
        if (stated is { } amount)
        {
            set(amount.NanoUsd);
        }
    }
}
