using System.Security.Claims;
using LlmGateway.Protos.Keys.V1;

namespace LlmGateway.Gateway.Authentication;

/// <summary>Who calls, as Keys.Service knows it. Immutable; one object per key, shared by all its requests.</summary>
/// <param name="MaskedKey">The only form of the secret that may be shown. Of a token, that of the key it stands for.</param>
internal sealed record Caller(string AccountId, string KeyId, string MaskedKey, Role Role)
{
    public string Name { get; init; } = "";

    /// <summary>It came with a token in the place of the key.</summary>
    public bool ByToken { get; init; }

    public KeyLimits Limits { get; init; } = KeyLimits.None;

    public KeyTariff Tariff { get; init; } = KeyTariff.None;

    public AllowedModels AllowedModels { get; init; } = AllowedModels.All;

    public static Caller From(VerifiedKey key, bool byToken = false) => new(key.AccountId, key.KeyId, key.MaskedKey, key.Role)
    {
        Name = key.Name,
        ByToken = byToken,
        Limits = KeyLimits.From(key.Limits),
        Tariff = new(key.TariffId, key.TariffName, key.TariffDescription),
        AllowedModels = AllowedModels.From(key.AllowedModels),
    };

    /// <summary>The caller of a request that was let in. Routes that let anyone in have none.</summary>
    public static Caller Of(HttpContext context) => ((CallerIdentity)context.User.Identity!).Caller;
}

/// <summary>The tariff as the key's owner sees it.</summary>
/// <param name="Id">Empty for none.</param>
internal sealed record KeyTariff(string Id, string Name, string Description)
{
    public static KeyTariff None { get; } = new("", "", "");
}

internal sealed class CallerIdentity(Caller caller) : ClaimsIdentity(KeyAuthenticationHandler.Scheme)
{
    public Caller Caller { get; } = caller;
}
