using System.Text;
using Google.Protobuf;
using LlmGateway.Gateway.Authentication;
using LlmGateway.Gateway.Calls;
using LlmGateway.Gateway.OpenAi;
using LlmGateway.Protos.Routing.V1;

namespace LlmGateway.Gateway.Admin;

/// <summary>/admin/models, changes of /admin/deployments, and /admin/explain.</summary>
internal sealed class CatalogEndpoints(CatalogApi.CatalogApiClient catalog, RoutingQuestion routing, AdminEndpoint endpoint)
{
    public Task<AdminAnswer> ListAsync(HttpContext context) => routing.AskAsync(context, async () =>
    {
        var reply = await catalog.GetCatalogAsync(new(), cancellationToken: context.RequestAborted);
        return AdminAnswer.Of(ListBody<CatalogModelBody>.From(reply.Models.Select(CatalogModelBody.From)), AdminJson.Wire.ListBodyCatalogModelBody);
    });

    public async Task<AdminAnswer> GetAsync(HttpContext context) => AdminQuery.Id(context, out var id) is { } error
        ? error
        : await routing.AskAsync(context, async () =>
        {
            var reply = await catalog.GetCatalogAsync(new(), cancellationToken: context.RequestAborted);
            return reply.Models.FirstOrDefault(model => model.Name == id) is { } model
                ? AdminAnswer.Of(CatalogModelBody.From(model), AdminJson.Wire.CatalogModelBody)
                : new ApiError(StatusCodes.Status404NotFound, ApiErrors.InvalidRequest, "not_found", "'id' is no model's.") { Param = "id" };
        });

    public async Task<AdminAnswer> SetAsync(HttpContext context)
    {
        var fault = AdminQuery.Id(context, out var id);
        var (rules, error) = fault is null ? await JsonAsync(context) : (null, fault);
        return rules is null ? error! : await routing.AskAsync(context, async () => AdminAnswer.Of(
            CatalogModelBody.From(await catalog.SetModelAsync(
                new() { Name = id, Rules = rules, Actor = Actor(context) }, cancellationToken: context.RequestAborted)),
            AdminJson.Wire.CatalogModelBody));
    }

    public async Task<AdminAnswer> RemoveAsync(HttpContext context) => AdminQuery.Id(context, out var id) is { } error
        ? error
        : await routing.AskAsync(context, async () =>
        {
            await catalog.RemoveModelAsync(new() { Name = id, Actor = Actor(context) }, cancellationToken: context.RequestAborted);
            return Removed(id);
        });

    public async Task<AdminAnswer> ImportAsync(HttpContext context)
    {
        if (AdminQuery.Flag(context.Request.Query, "dry_run", out var dryRun) is { } fault)
        {
            return fault;
        }

        // JSON around YAML, because every body of these endpoints is JSON, and a proxy may look at its type.
        var (body, error) = await AdminBody.ReadAsync(context, endpoint.MaxBodyBytes, AdminJson.Read.NewImportBody);
        return body is null ? error! : string.IsNullOrWhiteSpace(body.File) ? ApiErrors.Missing("file") : await routing.AskAsync(context, async () =>
        {
            var request = new ImportCatalogRequest { File = body.File, DryRun = dryRun, Actor = Actor(context) };
            var reply = await catalog.ImportCatalogAsync(request, cancellationToken: context.RequestAborted);
            return AdminAnswer.Of(ImportedBody.From(reply, dryRun), AdminJson.Wire.ImportedBody);
        });
    }

    public async Task<AdminAnswer> AddDeploymentAsync(HttpContext context)
    {
        var (item, error) = await JsonAsync(context);
        return item is null ? error! : await routing.AskAsync(context, async () => AdminAnswer.Of(
            CatalogDeploymentBody.From(await catalog.AddDeploymentAsync(
                new() { Item = item, Actor = Actor(context) }, cancellationToken: context.RequestAborted)),
            AdminJson.Wire.CatalogDeploymentBody,
            StatusCodes.Status201Created));
    }

    public async Task<AdminAnswer> ChangeDeploymentAsync(HttpContext context)
    {
        if (AdminQuery.Id(context, out var id) is { } fault)
        {
            return fault;
        }

        var (body, error) = await AdminBody.ReadAsync(context, endpoint.MaxBodyBytes, AdminJson.Read.DeploymentChangesBody);
        return body is null ? error! : await routing.AskAsync(context, async () => AdminAnswer.Of(
            CatalogDeploymentBody.From(await catalog.ChangeDeploymentAsync(body.ToRequest(id, Actor(context)), cancellationToken: context.RequestAborted)),
            AdminJson.Wire.CatalogDeploymentBody));
    }

    public async Task<AdminAnswer> RemoveDeploymentAsync(HttpContext context) => AdminQuery.Id(context, out var id) is { } error
        ? error
        : await routing.AskAsync(context, async () =>
        {
            await catalog.RemoveDeploymentAsync(new() { Id = id, Actor = Actor(context) }, cancellationToken: context.RequestAborted);
            return Removed(id);
        });

    /// <summary>The body is a chat completion's.</summary>
    public async Task<AdminAnswer> ExplainAsync(HttpContext context)
    {
        var (body, fault) = await RequestBody.ReadAsync(context, endpoint.MaxBodyBytes);
        if (body is null)
        {
            return fault!;
        }

        if (ChatRequest.Read(body.Bytes.Span, PromptField.Messages, out var chat) is { } error)
        {
            return error;
        }

        var caller = Caller.Of(context);
        var request = new CompleteRequest
        {
            RequestId = context.TraceIdentifier,
            AccountId = caller.AccountId,
            KeyId = caller.KeyId,
            Dialect = Dialect.OpenaiChat,
            Body = ByteString.CopyFrom(body.Bytes.Span),
            Model = chat.Model,
            Stream = chat.Stream,
        };
        return await routing.AskAsync(context, async () =>
            AdminAnswer.Of(ExplainBody.From(await catalog.ExplainAsync(request, cancellationToken: context.RequestAborted)), AdminJson.Wire.ExplainBody));
    }

    private async Task<(string? Json, ApiError? Error)> JsonAsync(HttpContext context)
    {
        var (body, fault) = await RequestBody.ReadAsync(context, endpoint.MaxBodyBytes);
        if (body is null)
        {
            return (null, fault);
        }

        using (body)
        {
            return (AdminBody.Syntax(body.Bytes.Span) ?? AdminBody.Text(body.Bytes.Span)) is { } error ? (null, error) : (Encoding.UTF8.GetString(body.Bytes.Span), null);
        }
    }

    private static AdminAnswer Removed(string id) => AdminAnswer.Of(new RemovedBody("removed", id), AdminJson.Wire.RemovedBody);

    private static string Actor(HttpContext context)
    {
        var actor = AdminEndpoint.ActorOf(context);
        return $"{actor.AccountId} {actor.MaskedKey}".Trim();
    }
}
