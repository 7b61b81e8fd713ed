using LlmGateway.Gateway.Calls;
using LlmGateway.Protos.Keys.V1;

namespace LlmGateway.Gateway.Admin;

internal sealed record NewKeyBody
{
    public string? Name { get; init; }

    public string? Description { get; init; }

    public string? AccountId { get; init; }

    public string? Role { get; init; }

    public string? Tariff { get; init; }

    public LimitsBody? Limits { get; init; }

    public IReadOnlyList<string>? AllowedModels { get; init; }

    public Dictionary<string, string>? Labels { get; init; }

    public DateTimeOffset? ExpiresAt { get; init; }

    public ApiError? ToRequest(Actor actor, out IssueKeyRequest request)
    {
        var role = KeyWords.RoleOf(Role);
        request = new()
        {
            Actor = actor,
            Name = Name ?? "",
            Description = Description ?? "",
            AccountId = AccountId ?? "",
            Role = role ?? default,
            Tariff = Tariff ?? "",
            Limits = Limits?.ToProto(),
            ExpiresAt = TimeField.ToProto(ExpiresAt),
        };
        request.AllowedModels.Add(AllowedModels ?? []);
        request.Labels.Add(Labels ?? []);
        return role is null ? ApiErrors.Invalid("role", KeyWords.RolesMust) : KeyNames.Fault(Name);
    }
}

/// <summary>What is left out stays; null takes it away.</summary>
internal sealed record KeyChangesBody
{
    private bool _hasDescription;
    private bool _hasTariff;
    private bool _hasModels;
    private bool _hasLabels;
    private bool _hasExpiry;

    public string? Name { get; init; }

    public string? Description { get; set => (field, _hasDescription) = (value, true); }

    public string? Tariff { get; set => (field, _hasTariff) = (value, true); }

    public IReadOnlyList<string>? AllowedModels { get; set => (field, _hasModels) = (value, true); }

    public Dictionary<string, string>? Labels { get; set => (field, _hasLabels) = (value, true); }

    public DateTimeOffset? ExpiresAt { get; set => (field, _hasExpiry) = (value, true); }

    public ApiError? ToRequest(Actor actor, string key, out UpdateKeyRequest request)
    {
        request = new()
        {
            Actor = actor,
            Key = key,
            AllowedModels = _hasModels ? new() { Patterns = { AllowedModels ?? [] } } : null,
            Labels = _hasLabels ? new() { Values = { Labels ?? [] } } : null,
            Expires = _hasExpiry ? new() { At = TimeField.ToProto(ExpiresAt) } : null,
        };
        if (Name is not null)
        {
            request.Name = Name;
        }

        if (_hasDescription)
        {
            request.Description = Description ?? "";
        }

        if (_hasTariff)
        {
            request.Tariff = Tariff ?? "";
        }

        return Name is null ? null : KeyNames.Fault(Name);
    }
}

/// <param name="OverlapSeconds">How long the old secret goes on working; 0 stops it at once.</param>
internal sealed record RotationBody(long? OverlapSeconds)
{
    // 30 days, as Keys takes it.
    public const long MaxSeconds = 30 * 86_400;

    public ApiError? ToRequest(Actor actor, string key, out RotateKeyRequest request)
    {
        request = new() { Actor = actor, Key = key };
        if (OverlapSeconds is not { } seconds)
        {
            return ApiErrors.Missing("overlap_seconds");
        }

        if (seconds is < 0 or > MaxSeconds)
        {
            return ApiErrors.Invalid("overlap_seconds", $"a whole number from 0 to {MaxSeconds}");
        }

        request.Overlap = new() { Seconds = seconds };
        return null;
    }
}

internal static class KeyNames
{
    /// <summary>A secret that was pasted as a name would be shown to everyone who lists keys.</summary>
    public static ApiError? Fault(string? name) => name switch
    {
        null => ApiErrors.Missing("name"),
        _ when SecretShape.Fits(name) => ApiErrors.Invalid("name", "a name. What was sent looks like a secret, and names are shown and logged"),
        _ => null,
    };
}
