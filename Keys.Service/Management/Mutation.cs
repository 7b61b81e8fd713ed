using System.Text.Json;
using LlmGateway.Keys.Accounts;
using LlmGateway.Keys.ApiKeys;
using LlmGateway.Keys.Audit;
using LlmGateway.Keys.Changes;
using LlmGateway.Keys.Data;
using LlmGateway.Keys.Tariffs;
using Microsoft.EntityFrameworkCore.ChangeTracking;

namespace LlmGateway.Keys.Management;

/// <summary>One change on its way: what it leaves in the audit, and what the gateways must hear.</summary>
internal sealed class Mutation(KeysDbContext db, Actor actor, DateTimeOffset now)
{
    public const string KeySubject = "key";
    public const string AccountSubject = "account";
    public const string TariffSubject = "tariff";

    /// <summary>More than so many at once are told as one.</summary>
    private const int MostChanges = 100;

    private readonly HashSet<(ChangedThing Thing, string Subject)> _changes = [];

    public KeysDbContext Db => db;

    public DateTimeOffset Now => now;

    public IReadOnlyCollection<(ChangedThing Thing, string Subject)> Changes =>
        _changes.Count > MostChanges ? [(ChangedThing.Everything, "")] : _changes;

    public void Record(ApiKey key, string action, object details) =>
        Record(ChangedThing.Key, (KeySubject, key.Id.ToString()), action, details);

    public void Record(Account account, string action, object details) =>
        Record(ChangedThing.Account, (AccountSubject, account.Id), action, details);

    public void Record(Tariff tariff, string action, object details) =>
        Record(ChangedThing.Tariff, (TariffSubject, tariff.Id), action, details);

    /// <summary>What was set on a loaded entity, as <c>{ "name": { "from": "a", "to": "b" } }</c>; empty when it is what it was.</summary>
    public Dictionary<string, object> Differences(object entity)
    {
        var entry = db.Entry(entity);
        return Properties(entry)
            .Where(property => property.IsModified)
            .ToDictionary(
                property => JsonNamingPolicy.SnakeCaseLower.ConvertName(property.Metadata.Name),
                object (property) => new { From = property.OriginalValue, To = property.CurrentValue });
    }

    private static IEnumerable<PropertyEntry> Properties(EntityEntry entry) =>
        entry.Properties.Concat(entry.ComplexProperties.SelectMany(complex => complex.Properties));

    private void Record(ChangedThing thing, (string Kind, string Id) subject, string action, object details)
    {
        AuditLog.Add(db, actor, now, action, subject, details);
        _changes.Add((thing, subject.Id));
    }
}
