using LlmGateway.Gateway.Anthropic;
using LlmGateway.Gateway.Authentication;
using LlmGateway.Gateway.Caching;
using LlmGateway.Gateway.Calls;
using LlmGateway.Protos.Routing.V1;
using Microsoft.Extensions.Options;

namespace LlmGateway.Gateway.OpenAi;

/// <summary>GET /v1/models, /v1/models/{id} and /v1/llm/models: what the caller may use. Anthropic's clients, which send their version, get its form.</summary>
internal sealed class Models(ModelsCache cache, IOptions<CompatibilityOptions> compatibility)
{
    public Task ListAsync(HttpContext context) => ListAsync(context, WantsArray(context.Request));

    /// <summary>The bare array, as services of one's own read it.</summary>
    public Task ListArrayAsync(HttpContext context) => ListAsync(context, asArray: true);

    public async Task GetAsync(HttpContext context)
    {
        // A name may have slashes; clients escape them, and routing leaves %2F as it is.
        var id = ((string)context.GetRouteValue("id")!).Replace("%2F", "/", StringComparison.OrdinalIgnoreCase);
        var models = await cache.GetAsync();
        if (models is null)
        {
            await ClientSurface.Of(context).WriteErrorAsync(context, ApiErrors.RoutingUnavailable);
        }
        else if (models.TryGetValue(id, out var model) && Caller.Of(context).AllowedModels.Allows(id))
        {
            await (AnthropicSurface.Owns(context.Request)
                ? context.WriteJsonAsync(AnthropicModel.From(model), AnthropicJson.Wire.AnthropicModel)
                : context.WriteJsonAsync(ModelEntry.From(model), OpenAiJson.Wire.ModelEntry));
        }
        else
        {
            await ClientSurface.Of(context).WriteErrorAsync(context, ApiErrors.UnknownModel(id));
        }
    }

    private async Task ListAsync(HttpContext context, bool asArray)
    {
        if (await cache.GetAsync() is not { } models)
        {
            await ClientSurface.Of(context).WriteErrorAsync(context, ApiErrors.RoutingUnavailable);
            return;
        }

        var allowed = Caller.Of(context).AllowedModels;
        var usable = models.Values.Where(model => allowed.Allows(model.Id));
        if (AnthropicSurface.Owns(context.Request))
        {
            await context.WriteJsonAsync(AnthropicModelList.From(usable), AnthropicJson.Wire.AnthropicModelList);
            return;
        }

        IReadOnlyList<ModelEntry> entries = [.. usable.Select(ModelEntry.From)];
        await (asArray
            ? context.WriteJsonAsync(entries, OpenAiJson.Wire.IReadOnlyListModelEntry)
            : context.WriteJsonAsync(new ModelList("list", entries), OpenAiJson.Wire.ModelList));
    }

    private bool WantsArray(HttpRequest request) => request.Query["format"] is [var format]
        ? string.Equals(format, "array", StringComparison.OrdinalIgnoreCase)
        : compatibility.Value.ModelsAsArray;
}

internal sealed record ModelList(string Object, IReadOnlyList<ModelEntry> Data);

internal sealed record ModelEntry(
    string Id, string Object, long Created, string OwnedBy, IReadOnlyList<string> Permission, string Root, string? Parent)
{
    public static ModelEntry From(Model model) => new(model.Id, "model", model.Created, model.OwnedBy, [], model.Id, null);
}
