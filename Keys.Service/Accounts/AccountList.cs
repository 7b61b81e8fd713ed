using LlmGateway.Keys.Data;
using LlmGateway.Keys.Management;
using LlmGateway.Protos.Keys.V1;
using Microsoft.EntityFrameworkCore;

namespace LlmGateway.Keys.Accounts;

internal sealed class AccountList(KeysDbContext db)
{
    public async Task<Outcome<Account>> GetAsync(string id, CancellationToken cancellationToken)
    {
        if (new Fields().AccountId("id", id).Problem is { } problem)
        {
            return problem;
        }

        return await db.Accounts.AsNoTracking().SingleOrDefaultAsync(account => account.Id == id, cancellationToken) is { } account
            ? account
            : Refused.NotFound("id", "no account has this id.");
    }

    public async Task<ListAccountsReply> ListAsync(ListRequest request, CancellationToken cancellationToken)
    {
        var asked = Page.Of("accounts", request.Limit, request.Cursor, key => new Fields().AccountId("id", key).Problem is null);
        if (asked.Value is not { } page)
        {
            return new ListAccountsReply { Rejection = asked.Rejection };
        }

        var accounts = await db.Accounts.AsNoTracking()
            .Where(account => page.After == null || string.Compare(account.Id, page.After) > 0)
            .OrderBy(account => account.Id)
            .Take(page.Limit + 1)
            .ToListAsync(cancellationToken);
        var next = page.Cut(accounts, account => account.Id);
        return new ListAccountsReply { NextCursor = next, Accounts = { accounts.Select(account => account.ToProto()) } };
    }
}
