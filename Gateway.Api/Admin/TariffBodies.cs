using LlmGateway.Gateway.Calls;
using LlmGateway.Protos.Keys.V1;

namespace LlmGateway.Gateway.Admin;

/// <param name="Limits">In effect now; null before the first version's begin.</param>
/// <param name="Versions">Oldest first.</param>
/// <param name="Keys">That have it, by themselves or through their account.</param>
internal sealed record TariffBody(
    string Object, string Id, string Description, DateTime? CreatedAt, LimitsBody? Limits, IReadOnlyList<TariffVersionBody> Versions, long Keys)
{
    public static TariffBody From(Tariff tariff) => new(
        "tariff",
        tariff.Id,
        tariff.Description,
        TimeField.ToJson(tariff.CreatedAt),
        tariff.Limits is { } limits ? LimitsBody.From(limits) : null,
        [.. tariff.Versions.Select(TariffVersionBody.From)],
        tariff.Keys);
}

internal sealed record TariffVersionBody(DateTime? EffectiveFrom, LimitsBody Limits, DateTime? CreatedAt)
{
    public static TariffVersionBody From(TariffVersion version) =>
        new(TimeField.ToJson(version.EffectiveFrom), LimitsBody.From(version.Limits), TimeField.ToJson(version.CreatedAt));
}

/// <param name="EffectiveFrom">Null is now.</param>
internal sealed record NewTariffBody(string? Id, string? Description, LimitsBody? Limits, DateTimeOffset? EffectiveFrom)
{
    public CreateTariffRequest ToRequest(Actor actor) => new()
    {
        Actor = actor,
        Id = Id ?? "",
        Description = Description ?? "",
        Limits = (Limits ?? new()).ToProto(),
        EffectiveFrom = TimeField.ToProto(EffectiveFrom),
    };
}

internal sealed record NewTariffVersionBody(LimitsBody? Limits, DateTimeOffset? EffectiveFrom)
{
    // Without limits it would lift every limit of every key: that has to be said, as an empty object.
    public ApiError? ToRequest(Actor actor, string id, out AddTariffVersionRequest request)
    {
        request = new() { Actor = actor, Id = id, Limits = Limits?.ToProto(), EffectiveFrom = TimeField.ToProto(EffectiveFrom) };
        return Limits is null ? ApiErrors.Missing("limits") : null;
    }
}

internal sealed record TariffChangesBody(string? Description);
