using LlmGateway.Keys.ApiKeys;
using LlmGateway.Keys.Management;
using LlmGateway.Keys.Tariffs;
using LlmGateway.Protos.Keys.V1;
using Microsoft.EntityFrameworkCore;

namespace LlmGateway.Keys.Accounts;

internal sealed class AccountChanges(Mutations mutations)
{
    public Task<Outcome<Account>> CreateAsync(CreateAccountRequest request, CancellationToken cancellationToken)
    {
        var fields = new Fields().AccountId("id", request.Id).Description(request.Description).OptionalTariff(request.Tariff).Labels(request.Labels);
        return mutations.RunAsync<Account>(request.Actor, fields, CreateAsync, cancellationToken);

        async Task<Outcome<Account>> CreateAsync(Mutation mutation, CancellationToken cancel)
        {
            if (await TariffReference.MissingAsync(mutation.Db, request.Tariff, cancel) is { } missing)
            {
                return missing;
            }

            if (!await AccountOpening.OpenAsync(mutation.Db, request.Id, mutation.Now, cancel))
            {
                return Refused.Conflict("id", "an account has this id already.");
            }

            if (await SecretsInText.FindInNewIdAsync(mutation.Db, "id", request.Id, cancel) is { } secret)
            {
                return secret;
            }

            var account = await mutation.Db.Accounts.SingleAsync(a => a.Id == request.Id, cancel);
            (account.Description, account.TariffId, account.Labels) =
                (request.Description, TariffReference.OrNull(request.Tariff), new(request.Labels));
            mutation.Record(account, "account.created", new { account.Description, Tariff = account.TariffId, account.Labels });
            return account;
        }
    }

    public Task<Outcome<Account>> UpdateAsync(UpdateAccountRequest request, CancellationToken cancellationToken)
    {
        var fields = new Fields().AccountId("id", request.Id)
            .Description(request.Description).OptionalTariff(request.Tariff).Labels(request.Labels?.Values ?? []);
        return mutations.RunAsync<Account>(request.Actor, fields, UpdateAsync, cancellationToken);

        async Task<Outcome<Account>> UpdateAsync(Mutation mutation, CancellationToken cancel)
        {
            if (await mutation.Db.Accounts.SingleOrDefaultAsync(a => a.Id == request.Id, cancel) is not { } account)
            {
                return NotFound();
            }

            if (await TariffReference.MissingAsync(mutation.Db, request.Tariff, cancel) is { } missing)
            {
                return missing;
            }

            account.Description = request.HasDescription ? request.Description : account.Description;
            account.TariffId = request.HasTariff ? TariffReference.OrNull(request.Tariff) : account.TariffId;
            account.Labels = request.Labels is { } labels ? new(labels.Values) : account.Labels;
            if (mutation.Differences(account) is { Count: > 0 } differences)
            {
                mutation.Record(account, "account.updated", differences);
            }

            return account;
        }
    }

    public Task<Outcome<Account>> SetRevokedAsync(SetAccountRevokedRequest request, CancellationToken cancellationToken)
    {
        return mutations.RunAsync<Account>(request.Actor, new Fields().AccountId("id", request.Id), SetAsync, cancellationToken);

        async Task<Outcome<Account>> SetAsync(Mutation mutation, CancellationToken cancel)
        {
            if (await mutation.Db.Accounts.SingleOrDefaultAsync(a => a.Id == request.Id, cancel) is not { } account)
            {
                return NotFound();
            }

            if (account.RevokedAt is not null == request.Revoked)
            {
                return account;
            }

            if (request.Revoked && account.Id == Account.Administrator)
            {
                return Refused.Conflict("id", "the administrator's account cannot be revoked; revoke single keys of it.");
            }

            if (request.Revoked && await LastAdministrator.IsOfAsync(mutation.Db, account.Id, cancel))
            {
                return Refused.Conflict("id", LastAdministrator.Why);
            }

            account.RevokedAt = request.Revoked ? mutation.Now : null;
            mutation.Record(account, request.Revoked ? "account.revoked" : "account.reinstated", new { });
            return account;
        }
    }

    private static Rejection NotFound() => Refused.NotFound("id", "no account has this id.");
}
