using LlmGateway.Protos.Routing.V1;

namespace LlmGateway.Gateway.Admin;

/// <summary>/admin/deployments: what Routing.Service knows of each, and a cooldown by hand.</summary>
internal sealed class DeploymentEndpoints(DeploymentsApi.DeploymentsApiClient deployments, RoutingQuestion routing, AdminEndpoint endpoint)
{
    public Task<AdminAnswer> ListAsync(HttpContext context) => routing.AskAsync(context, async () =>
    {
        var reply = await deployments.ListDeploymentsAsync(new(), cancellationToken: context.RequestAborted);
        return AdminAnswer.Of(
            ListBody<DeploymentBody>.From(reply.Deployments.Select(DeploymentBody.From)), AdminJson.Wire.ListBodyDeploymentBody);
    });

    public async Task<AdminAnswer> GetAsync(HttpContext context) => AdminQuery.Id(context, out var id) is { } error
        ? error
        : await AnswerAsync(context, async () => await deployments.GetDeploymentAsync(new() { Id = id }, cancellationToken: context.RequestAborted));

    public async Task<AdminAnswer> CoolAsync(HttpContext context)
    {
        if (AdminQuery.Id(context, out var id) is { } fault)
        {
            return fault;
        }

        var (body, error) = await AdminBody.ReadAsync(context, endpoint.MaxBodyBytes, AdminJson.Read.NewCooldownBody);
        if (body is null || (error = body.Fault()) is not null)
        {
            return error!;
        }

        var request = new CoolDeploymentRequest { Id = id, Seconds = (int)body.Seconds!, Note = body.Reason ?? "" };
        return await AnswerAsync(context, async () => await deployments.CoolDeploymentAsync(request, cancellationToken: context.RequestAborted));
    }

    public async Task<AdminAnswer> ClearAsync(HttpContext context) => AdminQuery.Id(context, out var id) is { } error
        ? error
        : await AnswerAsync(context, async () => await deployments.ClearDeploymentAsync(new() { Id = id }, cancellationToken: context.RequestAborted));

    private Task<AdminAnswer> AnswerAsync(HttpContext context, Func<Task<DeploymentStatus>> ask) =>
        routing.AskAsync(context, async () => AdminAnswer.Of(DeploymentBody.From(await ask()), AdminJson.Wire.DeploymentBody));
}
