using LlmGateway.Keys.Limits;
using LlmGateway.Keys.Management;
using LlmGateway.Protos.Keys.V1;
using Microsoft.EntityFrameworkCore;

namespace LlmGateway.Keys.Tariffs;

internal sealed class TariffChanges(Mutations mutations, TariffViews views, TimeProvider time)
{
    /// <summary>A tariff is read as a whole at every verification.</summary>
    private const int MostVersions = 1000;

    public Task<Outcome<Protos.Keys.V1.Tariff>> CreateAsync(CreateTariffRequest request, CancellationToken cancellationToken)
    {
        var limits = KeyLimits.From(request.Limits);
        var fields = new Fields().TariffId("id", request.Id).Description(request.Description).Limits(limits)
            .EffectiveFrom(request.EffectiveFrom, Moment.Now(time));
        return ChangeAsync(request.Actor, fields, CreateAsync, cancellationToken);

        async Task<Outcome<Tariff>> CreateAsync(Mutation mutation, CancellationToken cancel)
        {
            if (await mutation.Db.Tariffs.AnyAsync(tariff => tariff.Id == request.Id, cancel))
            {
                return Refused.Conflict("id", "a tariff has this id already.");
            }

            if (await SecretsInText.FindInNewIdAsync(mutation.Db, "id", request.Id, cancel) is { } secret)
            {
                return secret;
            }

            var version = VersionOf(limits, request.EffectiveFrom, mutation.Now);
            var created = new Tariff { Id = request.Id, Description = request.Description, CreatedAt = mutation.Now, Versions = [version] };
            mutation.Db.Tariffs.Add(created);
            mutation.Record(created, "tariff.created", new { created.Description, version.EffectiveFrom, version.Limits });
            return created;
        }
    }

    public Task<Outcome<Protos.Keys.V1.Tariff>> UpdateAsync(UpdateTariffRequest request, CancellationToken cancellationToken)
    {
        var fields = new Fields().TariffId("id", request.Id).Description(request.Description);
        return ChangeAsync(request.Actor, fields, UpdateAsync, cancellationToken);

        async Task<Outcome<Tariff>> UpdateAsync(Mutation mutation, CancellationToken cancel)
        {
            if (await FindAsync(mutation, request.Id, cancel) is not { } tariff)
            {
                return TariffList.NotFound();
            }

            tariff.Description = request.HasDescription ? request.Description : tariff.Description;
            if (mutation.Differences(tariff) is { Count: > 0 } differences)
            {
                mutation.Record(tariff, "tariff.updated", differences);
            }

            return tariff;
        }
    }

    public Task<Outcome<Protos.Keys.V1.Tariff>> AddVersionAsync(AddTariffVersionRequest request, CancellationToken cancellationToken)
    {
        var limits = KeyLimits.From(request.Limits);
        var fields = new Fields().TariffId("id", request.Id).Limits(limits).EffectiveFrom(request.EffectiveFrom, Moment.Now(time));
        return ChangeAsync(request.Actor, fields, AddAsync, cancellationToken);

        async Task<Outcome<Tariff>> AddAsync(Mutation mutation, CancellationToken cancel)
        {
            if (await FindAsync(mutation, request.Id, cancel) is not { } tariff)
            {
                return TariffList.NotFound();
            }

            var version = VersionOf(limits, request.EffectiveFrom, mutation.Now);
            if (tariff.Versions.Any(existing => existing.EffectiveFrom >= version.EffectiveFrom))
            {
                return Refused.Conflict("effective_from", "must be later than every version that the tariff has.");
            }

            if (tariff.Versions.Count >= MostVersions)
            {
                return Refused.Conflict("id", "the tariff has 1000 versions, which is the most; create another tariff.");
            }

            tariff.Versions.Add(version);
            mutation.Record(tariff, "tariff.version_added", new { version.EffectiveFrom, version.Limits });
            return tariff;
        }
    }

    // The keys of a tariff, any number, are counted after the commit, so that nobody else's change waits for it.
    private async Task<Outcome<Protos.Keys.V1.Tariff>> ChangeAsync(
        Protos.Keys.V1.Actor by, Fields fields, Func<Mutation, CancellationToken, Task<Outcome<Tariff>>> change, CancellationToken cancellationToken)
    {
        var changed = await mutations.RunAsync(by, fields, change, cancellationToken);
        return changed.Value is { } tariff ? await views.OfAsync(tariff, Moment.Now(time), cancellationToken) : changed.Rejection!;
    }

    private static Task<Tariff?> FindAsync(Mutation mutation, string id, CancellationToken cancellationToken) =>
        mutation.Db.Tariffs.Include(tariff => tariff.Versions).SingleOrDefaultAsync(tariff => tariff.Id == id, cancellationToken);

    // Waiting for its turn may have made "from now on" a moment of the past; it is not moved back.
    private static TariffVersion VersionOf(KeyLimits limits, Google.Protobuf.WellKnownTypes.Timestamp? from, DateTimeOffset now)
    {
        var wanted = from is null ? now : Moment.Of(from)!.Value;
        return new() { EffectiveFrom = wanted > now ? wanted : now, Limits = limits, CreatedAt = now };
    }
}
