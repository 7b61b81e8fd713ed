using LlmGateway.Keys.Data;
using LlmGateway.Keys.Management;
using LlmGateway.Protos.Keys.V1;
using Microsoft.EntityFrameworkCore;

namespace LlmGateway.Keys.ApiKeys;

internal sealed class KeyList(KeysDbContext db, KeyViews views, TimeProvider time)
{
    public async Task<Outcome<Key>> GetAsync(string key, CancellationToken cancellationToken)
    {
        var fields = new Fields().Key(key);
        if (fields.Problem is { } problem)
        {
            return problem;
        }

        if (await SecretsInText.FindAsync(db, fields.Texts, cancellationToken) is { } secret)
        {
            return secret;
        }

        var found = await KeyLookup.FindAsync(db, key, cancellationToken);
        return found.Value is { } known ? await views.OfAsync(known, Moment.Now(time), cancellationToken) : found.Rejection!;
    }

    public async Task<ListKeysReply> ListAsync(ListKeysRequest request, CancellationToken cancellationToken)
    {
        var asked = Page.Of("keys", request.Limit, request.Cursor, key => Guid.TryParseExact(key, "D", out _));
        var problem = asked.Rejection
            ?? (request.AccountId.Length == 0 ? null : new Fields().AccountId("account_id", request.AccountId).Problem);
        if (asked.Value is not { } page || problem is not null)
        {
            return new ListKeysReply { Rejection = problem };
        }

        var now = Moment.Now(time);
        var keys = await Query(db, request, page, now).Include(key => key.Secrets).AsSplitQuery().ToListAsync(cancellationToken);
        var next = page.Cut(keys, key => key.Id.ToString());
        return new ListKeysReply { NextCursor = next, Keys = { await views.OfAsync(keys, now, cancellationToken) } };
    }

    internal static IQueryable<ApiKey> Query(KeysDbContext db, ListKeysRequest request, Page page, DateTimeOffset now)
    {
        var keys = db.ApiKeys.AsNoTracking();
        if (request.AccountId.Length > 0)
        {
            keys = keys.Where(key => key.AccountId == request.AccountId);
        }

        if (!request.IncludeInactive)
        {
            keys = keys.Where(key => key.RevokedAt == null && (key.ExpiresAt == null || key.ExpiresAt > now));
        }

        if (page.After is { } after)
        {
            var id = Guid.Parse(after);
            keys = keys.Where(key => key.Id > id);
        }

        return keys.OrderBy(key => key.Id).Take(page.Limit + 1);
    }
}
