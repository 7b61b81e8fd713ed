using LlmGateway.Protos.Routing.V1;

namespace LlmGateway.Gateway.Admin;

/// <param name="Changed">An administrator's rules hold in the place of the file's.</param>
internal sealed record CatalogModelBody(
    string Object, string Id, IReadOnlyList<string> Aliases, string RoutingStrategy, IReadOnlyList<string> Fallbacks,
    IReadOnlyList<string> ContextWindowFallbacks, IReadOnlyList<string> ContentPolicyFallbacks, bool Hedge, bool Changed,
    IReadOnlyList<CatalogDeploymentBody> Deployments)
{
    public static CatalogModelBody From(ListedModel model) => new(
        "model",
        model.Name,
        [.. model.Aliases],
        model.Strategy,
        [.. model.Fallbacks],
        [.. model.ContextWindowFallbacks],
        [.. model.ContentPolicyFallbacks],
        model.Hedge,
        model.Changed,
        [.. model.Deployments.Select(CatalogDeploymentBody.From)]);
}

/// <param name="Source">file, added (by an administrator) or discovered (on a server).</param>
/// <param name="Keys">0 also where its key's reference stands for nothing yet.</param>
/// <param name="Changed">An administrator's changes hold in the place of what the file says.</param>
internal sealed record CatalogDeploymentBody(
    string Object, string Id, string Model, string Provider, string ProviderModel, string Source, bool Enabled, double Weight, long? Order, long? Rpm,
    long? Tpm, long Keys, string? Address, bool Changed)
{
    public static CatalogDeploymentBody From(ListedDeployment deployment) => new(
        "deployment",
        deployment.Id,
        deployment.Model,
        deployment.Provider,
        deployment.ProviderModel,
        deployment.Source,
        deployment.Enabled,
        deployment.Weight,
        deployment.HasOrder ? deployment.Order : null,
        deployment.HasRpm ? deployment.Rpm : null,
        deployment.HasTpm ? deployment.Tpm : null,
        deployment.Keys,
        deployment.Address.Length > 0 ? deployment.Address : null,
        deployment.Changed);
}

/// <summary>What is left out stays as it is.</summary>
internal sealed record DeploymentChangesBody(double? Weight, long? Order, long? Rpm, long? Tpm, bool? Enabled)
{
    public ChangeDeploymentRequest ToRequest(string id, string actor)
    {
        var request = new ChangeDeploymentRequest { Id = id, Actor = actor };
        if (Weight is { } weight)
        {
            request.Weight = weight;
        }

        if (Order is { } order)
        {
            request.Order = (int)Math.Clamp(order, int.MinValue, int.MaxValue);
        }

        if (Rpm is { } rpm)
        {
            request.Rpm = rpm;
        }

        if (Tpm is { } tpm)
        {
            request.Tpm = tpm;
        }

        if (Enabled is { } enabled)
        {
            request.Enabled = enabled;
        }

        return request;
    }
}

internal sealed record RemovedBody(string Object, string Id);

/// <param name="File">A LiteLLM file's text.</param>
internal sealed record NewImportBody(string? File);

/// <param name="Added">Deployments.</param>
/// <param name="Models">Whose rules were set.</param>
/// <param name="Present">Deployments that are there already and stayed as they are.</param>
internal sealed record ImportedBody(
    string Object, IReadOnlyList<string> Added, IReadOnlyList<string> Models, IReadOnlyList<string> Present, IReadOnlyList<string> Warnings, bool DryRun)
{
    public static ImportedBody From(ImportCatalogReply reply, bool dryRun) =>
        new("import", [.. reply.Added], [.. reply.Models], [.. reply.Present], [.. reply.Warnings], dryRun);
}

/// <param name="ByConversation">The conversation decides where the call goes, before the strategy.</param>
/// <param name="PromptTokens">The bound that would be held for.</param>
/// <param name="OutputTokens">Likewise.</param>
/// <param name="Hold">USD; null where a price is not known.</param>
/// <param name="Failure">Why the call would fail before any provider is asked; null where it would not.</param>
internal sealed record ExplainBody(
    string Object, string? Model, string? RoutingStrategy, bool ByConversation, IReadOnlyList<ExplainedBody> Candidates, IReadOnlyList<RuledOutBody> RuledOut,
    long PromptTokens, long OutputTokens, decimal? Hold, string? Failure)
{
    public static ExplainBody From(ExplainReply reply) => new(
        "explanation",
        reply.Model.Length > 0 ? reply.Model : null,
        reply.Strategy.Length > 0 ? reply.Strategy : null,
        reply.ByConversation,
        [.. reply.Candidates.Select(ExplainedBody.From)],
        [.. reply.RuledOut.Select(ruled => new RuledOutBody(ruled.Deployment, ruled.Reason))],
        reply.PromptTokens,
        reply.OutputTokens,
        reply.Failure is null ? Usd.FromNano(reply.HoldNanoUsd) : null,
        reply.Failure?.Message);
}

/// <param name="Share">Of its weight, while that grows back.</param>
/// <param name="Input">USD per million tokens, before the markup; null where not known.</param>
/// <param name="Output">Likewise.</param>
/// <param name="Requests">Of the last minute, from the Routing.Service that was asked.</param>
/// <param name="Tokens">Likewise.</param>
internal sealed record ExplainedBody(
    CatalogDeploymentBody Deployment, double Share, long InFlight, decimal? Input, decimal? Output, long Requests, long Tokens)
{
    public static ExplainedBody From(ExplainedCandidate candidate) => new(
        CatalogDeploymentBody.From(candidate.Deployment),
        Math.Round(candidate.Share, 3),
        candidate.InFlight,
        candidate.HasInputNanoUsd ? Usd.FromNano(candidate.InputNanoUsd) : null,
        candidate.HasOutputNanoUsd ? Usd.FromNano(candidate.OutputNanoUsd) : null,
        candidate.Requests,
        candidate.Tokens);
}

internal sealed record RuledOutBody(string Deployment, string Reason);
