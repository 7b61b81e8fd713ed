using LlmGateway.Gateway.Calls;
using LlmGateway.Protos.Routing.V1;

namespace LlmGateway.Gateway.Admin;

/// <summary>One deployment, as the Routing.Service that was asked sees it.</summary>
/// <param name="State">closed (calls go there), open (left alone) or half_open (one call at a time tries it).</param>
/// <param name="Reason">Why it is not closed; null when it is.</param>
/// <param name="Note">The administrator's own words.</param>
/// <param name="Until">Of state open.</param>
/// <param name="Failures">Among the last calls.</param>
/// <param name="Share">Of its weight, while that grows back.</param>
internal sealed record DeploymentBody(
    string Object, string Id, string Model, string Provider, string ProviderModel, string State, string? Reason, string? Note, DateTime? Until,
    long Failures, long InFlight, double Weight, double Share, long Keys, long CoolingKeys)
{
    public static DeploymentBody From(DeploymentStatus status) => new(
        "deployment",
        status.Id,
        status.Model,
        status.Provider,
        status.ProviderModel,
        status.State,
        status.Reason.Length > 0 ? status.Reason : null,
        status.Note.Length > 0 ? status.Note : null,
        TimeField.ToJson(status.Until),
        status.Failures,
        status.InFlight,
        status.Weight,
        Math.Round(status.Share, 3),
        status.Keys,
        status.CoolingKeys);
}

/// <param name="Seconds">How long calls are kept away.</param>
/// <param name="Reason">Why, for other administrators.</param>
internal sealed record NewCooldownBody(long? Seconds, string? Reason)
{
    public ApiError? Fault() =>
        Seconds is null ? ApiErrors.Missing("seconds")
        : Seconds is < 1 or > int.MaxValue ? ApiErrors.Invalid("seconds", "a whole number from 1 to 864000")
        : Reason is not null && SecretShape.IsSure(Reason) ? ApiErrors.Invalid("reason", "a text without an API key in it")
        : null;
}
