using LlmGateway.Keys.Limits;
using LlmGateway.Keys.Management;
using LlmGateway.Keys.Tariffs;
using LlmGateway.Protos.Keys.V1;

namespace LlmGateway.Keys.ApiKeys;

/// <summary>Changes of a key that leave its secret as it is.</summary>
internal sealed class KeyChanges(Mutations mutations, KeyViews views, TimeProvider time)
{
    public Task<Outcome<Key>> UpdateAsync(UpdateKeyRequest request, CancellationToken cancellationToken)
    {
        var fields = new Fields().Key(request.Key);
        fields = request.HasName ? fields.Name("name", request.Name) : fields;
        fields.Description(request.Description).OptionalTariff(request.Tariff).AllowedModels(request.AllowedModels?.Patterns ?? [])
            .Labels(request.Labels?.Values ?? []).ExpiresAt(request.Expires?.At, Moment.Now(time));
        return ChangeAsync(request.Actor, request.Key, fields, "key.updated", UpdateAsync, cancellationToken);

        async Task<Rejection?> UpdateAsync(Mutation mutation, ApiKey key, CancellationToken cancel)
        {
            var counted = LastAdministrator.Counts(key);
            Apply(request, key);
            return await TariffReference.MissingAsync(mutation.Db, request.Tariff, cancel)
                ?? (counted && !LastAdministrator.Counts(key) ? await RefuseLastAsync(mutation, key, cancel) : null);
        }
    }

    public Task<Outcome<Key>> SetLimitsAsync(SetLimitsRequest request, CancellationToken cancellationToken)
    {
        var limits = KeyLimits.From(request.Limits);
        var fields = new Fields().Key(request.Key).Limits(limits).Removed(request.Removed, limits);
        return ChangeAsync(request.Actor, request.Key, fields, "key.limits_set", SetAsync, cancellationToken);

        Task<Rejection?> SetAsync(Mutation mutation, ApiKey key, CancellationToken cancel)
        {
            key.Limits = request.KeepUnset ? limits.Or(key.Limits.Without(request.Removed)) : limits;
            return Task.FromResult<Rejection?>(null);
        }
    }

    /// <remarks>A key of configuration becomes an imported one, so that no later start takes it for its own and brings it back.</remarks>
    public Task<Outcome<Key>> RevokeAsync(RevokeKeyRequest request, CancellationToken cancellationToken)
    {
        return ChangeAsync(request.Actor, request.Key, new Fields().Key(request.Key), "key.revoked", RevokeAsync, cancellationToken);

        static async Task<Rejection?> RevokeAsync(Mutation mutation, ApiKey key, CancellationToken cancel)
        {
            if (LastAdministrator.Counts(key) && await RefuseLastAsync(mutation, key, cancel) is { } refused)
            {
                return refused;
            }

            key.RevokedAt ??= mutation.Now;
            key.Source = key.Source is KeySource.Configured or KeySource.Generated ? KeySource.Imported : key.Source;
            return null;
        }
    }

    private static void Apply(UpdateKeyRequest request, ApiKey key)
    {
        key.Name = request.HasName ? request.Name : key.Name;
        key.Description = request.HasDescription ? request.Description : key.Description;
        key.TariffId = request.HasTariff ? TariffReference.OrNull(request.Tariff) : key.TariffId;
        key.AllowedModels = request.AllowedModels is { } models ? [.. models.Patterns] : key.AllowedModels;
        key.Labels = request.Labels is { } labels ? new(labels.Values) : key.Labels;
        key.ExpiresAt = request.Expires is not { } expires ? key.ExpiresAt : expires.At is { } at ? Moment.Of(at) : null;
    }

    private static async Task<Rejection?> RefuseLastAsync(Mutation mutation, ApiKey key, CancellationToken cancellationToken) =>
        await LastAdministrator.RemainsAsync(mutation.Db, withoutAccount: null, withoutKey: key.Id, cancellationToken)
            ? null
            : Refused.Conflict("key", LastAdministrator.Why);

    private Task<Outcome<Key>> ChangeAsync(
        Actor by,
        string named,
        Fields fields,
        string action,
        Func<Mutation, ApiKey, CancellationToken, Task<Rejection?>> change,
        CancellationToken cancellationToken)
    {
        return mutations.RunAsync<Key>(by, fields, ChangeAsync, cancellationToken);

        async Task<Outcome<Key>> ChangeAsync(Mutation mutation, CancellationToken cancel)
        {
            var found = await KeyLookup.FindAsync(mutation.Db, named, cancel);
            if (found.Value is not { } key)
            {
                return found.Rejection!;
            }

            if (await change(mutation, key, cancel) is { } refused)
            {
                return refused;
            }

            if (mutation.Differences(key) is { Count: > 0 } differences)
            {
                mutation.Record(key, action, differences);
            }

            return await views.OfAsync(key, mutation.Now, cancel);
        }
    }
}
