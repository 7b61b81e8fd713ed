using LlmGateway.Protos.Routing.V1;

namespace LlmGateway.Gateway.Anthropic;

/// <summary>
/// GET /v1/models as Anthropic writes it, all on one page:
/// <code>{"data":[{"type":"model","id":"…","display_name":"…","created_at":"2025-01-31T00:00:00Z"}],"has_more":false,"first_id":"…","last_id":"…"}</code>
/// </summary>
internal sealed record AnthropicModelList(IReadOnlyList<AnthropicModel> Data, bool HasMore, string? FirstId, string? LastId)
{
    public static AnthropicModelList From(IEnumerable<Model> models)
    {
        AnthropicModel[] data = [.. models.Select(AnthropicModel.From)];
        return new(data, false, data.FirstOrDefault()?.Id, data.LastOrDefault()?.Id);
    }
}

internal sealed record AnthropicModel(string Type, string Id, string DisplayName, DateTime CreatedAt)
{
    public static AnthropicModel From(Model model) =>
        new("model", model.Id, model.Id, DateTimeOffset.FromUnixTimeSeconds(model.Created).UtcDateTime);
}
