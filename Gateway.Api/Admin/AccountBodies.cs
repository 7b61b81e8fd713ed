using System.Text.Json.Serialization;
using LlmGateway.Protos.Keys.V1;

namespace LlmGateway.Gateway.Admin;

internal sealed record AccountBody(
    string Object,
    string Id,
    string Description,
    string? Tariff,
    SortedDictionary<string, string> Labels,
    DateTime? CreatedAt,
    DateTime? RevokedAt)
{
    public static AccountBody From(Protos.Keys.V1.Account account) => new(
        "account",
        account.Id,
        account.Description,
        account.Tariff.Length > 0 ? account.Tariff : null,
        new(account.Labels, StringComparer.Ordinal),
        TimeField.ToJson(account.CreatedAt),
        TimeField.ToJson(account.RevokedAt));
}

internal sealed record NewAccountBody
{
    public string? Id { get; init; }

    public string? Description { get; init; }

    public string? Tariff { get; init; }

    public Dictionary<string, string>? Labels { get; init; }

    public CreateAccountRequest ToRequest(Actor actor)
    {
        var request = new CreateAccountRequest { Actor = actor, Id = Id ?? "", Description = Description ?? "", Tariff = Tariff ?? "" };
        request.Labels.Add(Labels ?? []);
        return request;
    }
}

/// <summary>What is left out stays; null takes it away.</summary>
internal sealed record AccountChangesBody
{
    private bool _hasDescription;
    private bool _hasTariff;
    private bool _hasLabels;

    public string? Description { get; set => (field, _hasDescription) = (value, true); }

    public string? Tariff { get; set => (field, _hasTariff) = (value, true); }

    public Dictionary<string, string>? Labels { get; set => (field, _hasLabels) = (value, true); }

    public UpdateAccountRequest ToRequest(Actor actor, string id)
    {
        var request = new UpdateAccountRequest { Actor = actor, Id = id };
        if (_hasDescription)
        {
            request.Description = Description ?? "";
        }

        if (_hasTariff)
        {
            request.Tariff = Tariff ?? "";
        }

        if (_hasLabels)
        {
            request.Labels = new() { Values = { Labels ?? [] } };
        }

        return request;
    }
}
