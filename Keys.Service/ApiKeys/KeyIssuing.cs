using LlmGateway.Keys.Limits;
using LlmGateway.Keys.Management;
using LlmGateway.Keys.Tariffs;
using LlmGateway.Protos.Keys.V1;

namespace LlmGateway.Keys.ApiKeys;

internal sealed class KeyIssuing(Mutations mutations, KeyViews views, TimeProvider time)
{
    public Task<Outcome<IssuedKey>> IssueAsync(IssueKeyRequest request, CancellationToken cancellationToken)
    {
        var account = KeyAccount.Or(request.AccountId);
        var role = KeyRoles.Issuable(request.Role);
        var limits = KeyLimits.From(request.Limits);
        var fields = new Fields().Name("name", request.Name).Description(request.Description).AccountId("account_id", account)
            .Must(role is not null, "role", "must be account, operator or administrator.")
            .OptionalTariff(request.Tariff).Limits(limits).AllowedModels(request.AllowedModels).Labels(request.Labels)
            .ExpiresAt(request.ExpiresAt, Moment.Now(time));

        // Outside of the transaction, so that one that is run again makes no other.
        var secret = KeySecret.Generate();
        return mutations.RunAsync<IssuedKey>(request.Actor, fields, IssueAsync, cancellationToken);

        async Task<Outcome<IssuedKey>> IssueAsync(Mutation mutation, CancellationToken cancel)
        {
            if (await TariffReference.MissingAsync(mutation.Db, request.Tariff, cancel) is { } missing)
            {
                return missing;
            }

            if (await KeyAccount.OpenAsync(mutation, account, cancel) is { } refused)
            {
                return refused;
            }

            var key = new ApiKey
            {
                Id = Guid.CreateVersion7(mutation.Now),
                AccountId = account,
                Name = request.Name,
                Description = request.Description,
                Role = role!.Value,
                Source = KeySource.Issued,
                TariffId = TariffReference.OrNull(request.Tariff),
                Limits = limits,
                AllowedModels = [.. request.AllowedModels],
                Labels = new(request.Labels),
                CreatedAt = mutation.Now,
                ExpiresAt = request.ExpiresAt is { } expiry ? Moment.Of(expiry) : null,
                Secrets = [secret.ToRow(mutation.Now)],
            };
            mutation.Db.ApiKeys.Add(key);
            mutation.Record(key, "key.issued", KeyAudit.Of(key));
            return new IssuedKey { Key = await views.OfAsync(key, mutation.Now, cancel), Secret = secret.Reveal() };
        }
    }
}
