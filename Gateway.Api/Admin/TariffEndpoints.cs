using LlmGateway.Protos.Keys.V1;

namespace LlmGateway.Gateway.Admin;

/// <summary>/admin/tariffs</summary>
internal sealed class TariffEndpoints(KeysAdminApi.KeysAdminApiClient keys, AdminEndpoint endpoint)
{
    public async Task<AdminAnswer> ListAsync(HttpContext context)
    {
        if (AdminQuery.Page(context.Request.Query, out var page) is { } error)
        {
            return error;
        }

        var reply = await keys.ListTariffsAsync(page, cancellationToken: context.RequestAborted);
        return reply.Rejection is { } rejection
            ? rejection
            : AdminAnswer.Of(ListBody<TariffBody>.From(reply.Tariffs.Select(TariffBody.From), reply.NextCursor), AdminJson.Wire.ListBodyTariffBody);
    }

    public async Task<AdminAnswer> CreateAsync(HttpContext context)
    {
        var (body, error) = await AdminBody.ReadAsync(context, endpoint.MaxBodyBytes, AdminJson.Read.NewTariffBody);
        return body is null
            ? error!
            : Answer(
                await keys.CreateTariffAsync(body.ToRequest(AdminEndpoint.ActorOf(context)), cancellationToken: context.RequestAborted),
                StatusCodes.Status201Created);
    }

    public async Task<AdminAnswer> GetAsync(HttpContext context) => AdminQuery.Id(context, out var id) is { } error
        ? error
        : Answer(await keys.GetTariffAsync(new() { Id = id }, cancellationToken: context.RequestAborted));

    public async Task<AdminAnswer> UpdateAsync(HttpContext context)
    {
        if (AdminQuery.Id(context, out var id) is { } fault)
        {
            return fault;
        }

        var (body, error) = await AdminBody.ReadAsync(context, endpoint.MaxBodyBytes, AdminJson.Read.TariffChangesBody);
        if (body is null)
        {
            return error!;
        }

        var request = new UpdateTariffRequest { Actor = AdminEndpoint.ActorOf(context), Id = id };
        if (body.Description is { } description)
        {
            request.Description = description;
        }

        return Answer(await keys.UpdateTariffAsync(request, cancellationToken: context.RequestAborted));
    }

    public async Task<AdminAnswer> AddVersionAsync(HttpContext context)
    {
        if (AdminQuery.Id(context, out var id) is { } fault)
        {
            return fault;
        }

        var (body, error) = await AdminBody.ReadAsync(context, endpoint.MaxBodyBytes, AdminJson.Read.NewTariffVersionBody);
        if (body is null || (error = body.ToRequest(AdminEndpoint.ActorOf(context), id, out var request)) is not null)
        {
            return error!;
        }

        return Answer(await keys.AddTariffVersionAsync(request, cancellationToken: context.RequestAborted), StatusCodes.Status201Created);
    }

    private static AdminAnswer Answer(TariffReply reply, int status = StatusCodes.Status200OK) => reply.Rejection is { } rejection
        ? rejection
        : AdminAnswer.Of(TariffBody.From(reply.Tariff), AdminJson.Wire.TariffBody, status);
}
