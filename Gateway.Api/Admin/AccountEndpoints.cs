using LlmGateway.Protos.Keys.V1;

namespace LlmGateway.Gateway.Admin;

/// <summary>/admin/accounts</summary>
internal sealed class AccountEndpoints(KeysAdminApi.KeysAdminApiClient keys, AdminEndpoint endpoint)
{
    public async Task<AdminAnswer> ListAsync(HttpContext context)
    {
        if (AdminQuery.Page(context.Request.Query, out var page) is { } error)
        {
            return error;
        }

        var reply = await keys.ListAccountsAsync(page, cancellationToken: context.RequestAborted);
        return reply.Rejection is { } rejection
            ? rejection
            : AdminAnswer.Of(
                ListBody<AccountBody>.From(reply.Accounts.Select(AccountBody.From), reply.NextCursor), AdminJson.Wire.ListBodyAccountBody);
    }

    public async Task<AdminAnswer> CreateAsync(HttpContext context)
    {
        var (body, error) = await AdminBody.ReadAsync(context, endpoint.MaxBodyBytes, AdminJson.Read.NewAccountBody);
        return body is null
            ? error!
            : Answer(
                await keys.CreateAccountAsync(body.ToRequest(AdminEndpoint.ActorOf(context)), cancellationToken: context.RequestAborted),
                StatusCodes.Status201Created);
    }

    public async Task<AdminAnswer> GetAsync(HttpContext context) => AdminQuery.Id(context, out var id) is { } error
        ? error
        : Answer(await keys.GetAccountAsync(new() { Id = id }, cancellationToken: context.RequestAborted));

    public async Task<AdminAnswer> UpdateAsync(HttpContext context)
    {
        if (AdminQuery.Id(context, out var id) is { } fault)
        {
            return fault;
        }

        var (body, error) = await AdminBody.ReadAsync(context, endpoint.MaxBodyBytes, AdminJson.Read.AccountChangesBody);
        return body is null
            ? error!
            : Answer(await keys.UpdateAccountAsync(body.ToRequest(AdminEndpoint.ActorOf(context), id), cancellationToken: context.RequestAborted));
    }

    public Task<AdminAnswer> RevokeAsync(HttpContext context) => SetRevokedAsync(context, revoked: true);

    public Task<AdminAnswer> ReinstateAsync(HttpContext context) => SetRevokedAsync(context, revoked: false);

    private async Task<AdminAnswer> SetRevokedAsync(HttpContext context, bool revoked)
    {
        if (AdminQuery.Id(context, out var id) is { } error)
        {
            return error;
        }

        var request = new SetAccountRevokedRequest { Actor = AdminEndpoint.ActorOf(context), Id = id, Revoked = revoked };
        return Answer(await keys.SetAccountRevokedAsync(request, cancellationToken: context.RequestAborted));
    }

    private static AdminAnswer Answer(AccountReply reply, int status = StatusCodes.Status200OK) => reply.Rejection is { } rejection
        ? rejection
        : AdminAnswer.Of(AccountBody.From(reply.Account), AdminJson.Wire.AccountBody, status);
}
