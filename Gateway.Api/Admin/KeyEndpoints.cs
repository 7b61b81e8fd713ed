using LlmGateway.Gateway.OpenAi;
using LlmGateway.Protos.Keys.V1;

namespace LlmGateway.Gateway.Admin;

/// <summary>/admin/keys</summary>
internal sealed class KeyEndpoints(KeysAdminApi.KeysAdminApiClient keys, AdminEndpoint endpoint)
{
    public async Task<AdminAnswer> ListAsync(HttpContext context)
    {
        var query = context.Request.Query;
        var account = "";
        var includeInactive = false;
        if ((AdminQuery.Page(query, out var page)
            ?? AdminQuery.Text(query, "account", out account)
            ?? AdminQuery.Flag(query, "include_inactive", out includeInactive)) is { } error)
        {
            return error;
        }

        var request = new ListKeysRequest { Limit = page.Limit, Cursor = page.Cursor, AccountId = account, IncludeInactive = includeInactive };
        var reply = await keys.ListKeysAsync(request, cancellationToken: context.RequestAborted);
        return reply.Rejection is { } rejection
            ? rejection
            : AdminAnswer.Of(ListBody<KeyBody>.From(reply.Keys.Select(key => KeyBody.From(key)), reply.NextCursor), AdminJson.Wire.ListBodyKeyBody);
    }

    public async Task<AdminAnswer> IssueAsync(HttpContext context)
    {
        var (body, error) = await AdminBody.ReadAsync(context, endpoint.MaxBodyBytes, AdminJson.Read.NewKeyBody);
        if (body is null || (error = body.ToRequest(AdminEndpoint.ActorOf(context), out var request)) is not null)
        {
            return error!;
        }

        return Answer(await keys.IssueKeyAsync(request, cancellationToken: context.RequestAborted), StatusCodes.Status201Created);
    }

    public async Task<AdminAnswer> ImportAsync(HttpContext context)
    {
        var query = context.Request.Query;
        var account = "";
        if (AdminQuery.Text(query, "account", out account) is { } error)
        {
            return error;
        }

        var (body, fault) = await RequestBody.ReadAsync(context, endpoint.MaxBodyBytes);
        if (body is null)
        {
            return fault!;
        }

        using (body)
        {
            if (KeyImport.Read(body.Bytes.Span, out var imported) is { } unreadable)
            {
                return unreadable;
            }

            var request = new ImportKeysRequest { Actor = AdminEndpoint.ActorOf(context), AccountId = account, Keys = { imported } };
            var reply = await keys.ImportKeysAsync(request, cancellationToken: context.RequestAborted);
            return reply.Rejection is { } rejection
                ? rejection
                : AdminAnswer.Of(
                    ListBody<KeyBody>.From(reply.Keys.Select(key => KeyBody.From(key))), AdminJson.Wire.ListBodyKeyBody, StatusCodes.Status201Created);
        }
    }

    public async Task<AdminAnswer> GetAsync(HttpContext context) => AdminQuery.Key(context, out var key) is { } error
        ? error
        : Answer(await keys.GetKeyAsync(new() { Key = key }, cancellationToken: context.RequestAborted));

    public async Task<AdminAnswer> UpdateAsync(HttpContext context)
    {
        if (AdminQuery.Key(context, out var key) is { } fault)
        {
            return fault;
        }

        var (body, error) = await AdminBody.ReadAsync(context, endpoint.MaxBodyBytes, AdminJson.Read.KeyChangesBody);
        if (body is null || (error = body.ToRequest(AdminEndpoint.ActorOf(context), key, out var request)) is not null)
        {
            return error!;
        }

        return Answer(await keys.UpdateKeyAsync(request, cancellationToken: context.RequestAborted));
    }

    public async Task<AdminAnswer> RevokeAsync(HttpContext context) => AdminQuery.Key(context, out var key) is { } error
        ? error
        : Answer(await keys.RevokeKeyAsync(new() { Actor = AdminEndpoint.ActorOf(context), Key = key }, cancellationToken: context.RequestAborted));

    public async Task<AdminAnswer> RotateAsync(HttpContext context)
    {
        if (AdminQuery.Key(context, out var key) is { } fault)
        {
            return fault;
        }

        var (body, error) = await AdminBody.ReadAsync(context, endpoint.MaxBodyBytes, AdminJson.Read.RotationBody);
        if (body is null || (error = body.ToRequest(AdminEndpoint.ActorOf(context), key, out var request)) is not null)
        {
            return error!;
        }

        return Answer(await keys.RotateKeyAsync(request, cancellationToken: context.RequestAborted));
    }

    private static AdminAnswer Answer(KeyReply reply) =>
        reply.Rejection is { } rejection ? rejection : AdminAnswer.Of(KeyBody.From(reply.Key), AdminJson.Wire.KeyBody);

    private static AdminAnswer Answer(IssuedKeyReply reply, int status = StatusCodes.Status200OK) => reply.Rejection is { } rejection
        ? rejection
        : AdminAnswer.Of(KeyBody.From(reply.Key.Key, reply.Key.Secret), AdminJson.Wire.KeyBody, status);
}
