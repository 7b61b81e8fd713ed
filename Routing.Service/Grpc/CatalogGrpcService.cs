using System.Text.Json.Nodes;
using Grpc.Core;
using LlmGateway.Protos.Routing.V1;
using LlmGateway.Routing.Calls;
using LlmGateway.Routing.Catalog;

namespace LlmGateway.Routing.Grpc;

/// <summary>Translate, call, translate.</summary>
internal sealed class CatalogGrpcService(CatalogStore catalog, CatalogChanges changes, Explainer explainer) : CatalogApi.CatalogApiBase
{
    private const int MaxItem = 64 * 1024;
    private const int MaxFile = 4 * 1024 * 1024;

    public override Task<GetCatalogReply> GetCatalog(GetCatalogRequest request, ServerCallContext context) => Task.FromResult(catalog.Current.ToReply());

    public override Task<ListedDeployment> AddDeployment(AddDeploymentRequest request, ServerCallContext context) => AskAsync(async () =>
    {
        Bounded(request.Item, MaxItem);
        var id = await changes.AddAsync(request.Item, request.Actor, context.CancellationToken);

        // It is valid, and has no key yet: the variable that its reference names is not set here.
        return Find(id)?.ToMessage() ?? new ListedDeployment { Id = id, Source = "added" };
    });

    public override Task<ListedDeployment> ChangeDeployment(ChangeDeploymentRequest request, ServerCallContext context) => AskAsync(async () =>
        await changes.ChangeAsync(request.Id, Json(request), request.Actor, context.CancellationToken) && Find(request.Id) is { } deployment
            ? deployment.ToMessage()
            : throw Missing("id: is no deployment's."));

    public override Task<RemovedReply> RemoveDeployment(RemoveDeploymentRequest request, ServerCallContext context) => AskAsync(async () =>
        await changes.RemoveAsync(request.Id, isModel: false, request.Actor, context.CancellationToken)
            ? new RemovedReply()
            : throw Missing(Find(request.Id) is null ? "id: is no deployment's." : "id: is a deployment of the file, which nobody changed. Disable it, or edit the file."));

    public override Task<ListedModel> SetModel(SetModelRequest request, ServerCallContext context) => AskAsync(async () =>
    {
        Bounded(request.Rules, MaxItem);
        await changes.SetModelAsync(request.Name, request.Rules, request.Actor, context.CancellationToken);
        return catalog.Current.Find(request.Name) is { } model ? catalog.Current.ToMessage(model) : new ListedModel { Name = request.Name };
    });

    public override Task<RemovedReply> RemoveModel(RemoveModelRequest request, ServerCallContext context) => AskAsync(async () =>
        await changes.RemoveAsync(request.Name, isModel: true, request.Actor, context.CancellationToken)
            ? new RemovedReply()
            : throw Missing("name: is no model with rules of an administrator."));

    public override Task<ImportCatalogReply> ImportCatalog(ImportCatalogRequest request, ServerCallContext context) => AskAsync(async () =>
    {
        Bounded(request.File, MaxFile);
        var import = await changes.ImportAsync(request.File, request.DryRun, request.Actor, context.CancellationToken);
        return new ImportCatalogReply { Added = { import.Added }, Models = { import.Models }, Present = { import.Present }, Warnings = { import.Warnings } };
    });

    public override Task<ExplainReply> Explain(CompleteRequest request, ServerCallContext context) =>
        explainer.ExplainAsync(request, context.CancellationToken);

    private Deployment? Find(string id) => catalog.Current.All.FirstOrDefault(deployment => deployment.Id == id);

    private static void Bounded(string text, int most)
    {
        if (text.Length > most)
        {
            throw new RpcException(new Status(StatusCode.InvalidArgument, $"body: must be at most {most} characters."));
        }
    }

    private static JsonObject Json(ChangeDeploymentRequest request)
    {
        var json = new JsonObject();
        Set(request.HasWeight, "weight", request.Weight);
        Set(request.HasOrder, "order", request.Order);
        Set(request.HasRpm, "rpm", request.Rpm);
        Set(request.HasTpm, "tpm", request.Tpm);
        Set(request.HasEnabled, "enabled", request.Enabled);
        return json;

        void Set(bool has, string key, JsonNode value)
        {
            if (has)
            {
                json[key] = value;
            }
        }
    }

    private static async Task<T> AskAsync<T>(Func<Task<T>> ask)
    {
        try
        {
            return await ask();
        }
        catch (CatalogException e)
        {
            // "weight must be …" is "weight: must be …"
            var space = e.Messages[0].IndexOf(' ', StringComparison.Ordinal);
            var rest = string.Join(' ', [e.Messages[0][(space + 1)..], .. e.Messages.Skip(1)]);
            throw new RpcException(new Status(StatusCode.InvalidArgument, $"{e.Messages[0][..space]}: {rest}"));
        }
        catch (DuplicateNameException e)
        {
            throw new RpcException(new Status(StatusCode.AlreadyExists, $"model_info.id: {e.Message}"));
        }
    }

    private static RpcException Missing(string detail) => new(new Status(StatusCode.NotFound, detail));
}
