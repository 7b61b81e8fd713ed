using Google.Protobuf.WellKnownTypes;
using LlmGateway.Keys.ApiKeys;
using LlmGateway.Keys.Limits;
using LlmGateway.Keys.Verification;
using LlmGateway.Protos.Keys.V1;

namespace LlmGateway.Keys.Grpc;

/// <summary>Verdicts as gateways read them.</summary>
internal static class Verdicts
{
    public static Protos.Keys.V1.Verification ToProto(this KeyVerdict verdict, DateTimeOffset now, KeyLimits defaults) => verdict.Key is { } key
        ? new() { Key = ToProto(key, verdict.ExpiresAt, now, defaults) }
        : new() { Refusal = new Refusal { Reason = verdict.Refusal } };

    private static VerifiedKey ToProto(KnownKey key, DateTimeOffset? expiresAt, DateTimeOffset now, KeyLimits defaults)
    {
        var effective = EffectiveLimits.Of((key.Limits, key.Name, key.Description), key.Tariff, defaults);
        return new VerifiedKey
        {
            KeyId = key.Id.ToString(),
            AccountId = key.AccountId,
            MaskedKey = key.Masked,
            Role = key.Role.ToProto(),
            Name = key.Name,
            Limits = effective.Limits.ToProto(),
            TariffName = effective.Name,
            TariffDescription = effective.Description,
            AllowedModels = { key.AllowedModels },
            ExpiresIn = Until(expiresAt, now),
            ChangesIn = Until(effective.ChangesAt, now),
            TariffId = effective.TariffId ?? "",
        };
    }

    private static Duration? Until(DateTimeOffset? then, DateTimeOffset now) => then is { } at
        ? Duration.FromTimeSpan(at > now ? at - now : TimeSpan.Zero)
        : null;
}
