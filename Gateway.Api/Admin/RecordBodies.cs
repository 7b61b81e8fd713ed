using System.Text.Json;
using LlmGateway.Protos.Keys.V1;

namespace LlmGateway.Gateway.Admin;

/// <summary>Keys and their limits, counted, and what their calls used.</summary>
/// <param name="Money">Null while Billing.Service does not answer.</param>
internal sealed record StatsBody(string Object, AccountStats Accounts, long Tariffs, KeyStats Keys, LimitStats Limits, MoneyStats? Money)
{
    public static StatsBody From(GetStatsReply reply, MoneyStats? money) => new(
        "stats",
        new(reply.Accounts, reply.RevokedAccounts),
        reply.Tariffs,
        new(reply.ActiveKeys, reply.ExpiredKeys, reply.RevokedKeys, reply.UsedKeys),
        new(reply.LimitedKeys, reply.TotalTokensSum, reply.TotalTokensAverage),
        money);
}

internal sealed record AccountStats(long Total, long Revoked);

/// <param name="UsedLastDay">In the last 24 hours.</param>
internal sealed record KeyStats(long Active, long Expired, long Revoked, long UsedLastDay);

/// <param name="Keys">Active keys with a limit of tokens over their life; the sum and the average are of those.</param>
internal sealed record LimitStats(long Keys, long TotalTokensSum, long TotalTokensAverage);

internal sealed record AuditBody(
    string Object, long Id, DateTime? At, ActorBody? Actor, string Action, string SubjectKind, string SubjectId, JsonElement? Details)
{
    public static AuditBody From(AuditEntry entry) => new(
        "audit_entry",
        entry.Id,
        TimeField.ToJson(entry.At),
        entry.Actor is { } actor ? ActorBody.From(actor) : null,
        entry.Action,
        entry.SubjectKind,
        entry.SubjectId,
        entry.DetailsJson.Length > 0 ? JsonElement.Parse(entry.DetailsJson) : null);
}

internal sealed record ActorBody(string AccountId, string? KeyId, string? MaskedKey, string? RequestId)
{
    public static ActorBody From(Actor actor) => new(actor.AccountId, OrNull(actor.KeyId), OrNull(actor.MaskedKey), OrNull(actor.RequestId));

    public static ActorBody? From(Protos.Billing.V1.Actor? actor) =>
        actor is null ? null : new(actor.AccountId, OrNull(actor.KeyId), OrNull(actor.MaskedKey), OrNull(actor.RequestId));

    private static string? OrNull(string text) => text.Length > 0 ? text : null;
}

/// <param name="Kid">What new tokens name in their header.</param>
internal sealed record SigningKeyBody(string Object, string Kid);

internal sealed record RestoreBody(string Object, bool DryRun, IReadOnlyList<RestoreChangeBody> Changes);
