using LlmGateway.Protos.Routing.V1;
using LlmGateway.Routing.Catalog;

namespace LlmGateway.Routing.Grpc;

/// <summary>The catalogue as administrators see it: no key, no price.</summary>
internal static class CatalogMessages
{
    public static GetCatalogReply ToReply(this CatalogSnapshot snapshot)
    {
        var reply = new GetCatalogReply { DefaultModel = snapshot.DefaultModel, Strategy = snapshot.Router.Strategy };
        reply.Models.AddRange(snapshot.Models.Select(snapshot.ToMessage));

        // A model whose deployments are all disabled is found by nobody, and must be seen here to be enabled again.
        reply.Models.AddRange(snapshot.Disabled.Select(deployment => deployment.ModelName).Distinct().Where(name => snapshot.Find(name) is null)
            .Select(name => new ListedModel { Name = name, Deployments = { snapshot.Disabled.Where(deployment => deployment.ModelName == name).Select(ToMessage) } }));
        return reply;
    }

    public static ListedModel ToMessage(this CatalogSnapshot snapshot, CatalogModel model)
    {
        var message = new ListedModel
        {
            Name = model.Name,
            Strategy = model.Strategy ?? snapshot.Router.Strategy,
            Hedge = model.Hedge,
            Changed = model.Changed,
            Aliases = { snapshot.Names.Where(name => name != model.Name && snapshot.Find(name) == model) },
            Fallbacks = { model.Fallbacks },
            ContextWindowFallbacks = { model.ContextWindowFallbacks },
            ContentPolicyFallbacks = { model.ContentPolicyFallbacks },
        };
        message.Deployments.AddRange(model.Deployments.Concat(snapshot.Disabled.Where(deployment => deployment.ModelName == model.Name)).Select(ToMessage));
        return message;
    }

    public static ListedDeployment ToMessage(this Deployment deployment)
    {
        var message = new ListedDeployment
        {
            Id = deployment.Id,
            Model = deployment.ModelName,
            Provider = deployment.Provider,
            ProviderModel = deployment.UpstreamModel,
            Source = NameOf(deployment.Source),
            Enabled = deployment.Enabled,
            Weight = deployment.Weight,
            Keys = deployment.Keys.Count,
            // Without what stands before the @ of an address, which may be a secret.
            Address = deployment.BaseAddress is { } address ? $"{address.Scheme}://{address.Authority}{address.AbsolutePath}" : "",
            Changed = deployment.Changed,
        };
        if (deployment.Order != int.MaxValue)
        {
            message.Order = deployment.Order;
        }

        if (deployment.RequestsPerMinute is { } rpm)
        {
            message.Rpm = rpm;
        }

        if (deployment.TokensPerMinute is { } tpm)
        {
            message.Tpm = tpm;
        }

        return message;
    }

    private static string NameOf(DeploymentSource source) => source switch
    {
        DeploymentSource.File => "file",
        DeploymentSource.Added => "added",
        DeploymentSource.Discovered => "discovered",
        _ => throw new ArgumentOutOfRangeException(nameof(source), source, "Not a source that has a name."),
    };
}
