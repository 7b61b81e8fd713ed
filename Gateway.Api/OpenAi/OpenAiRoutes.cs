using LlmGateway.Gateway.Limits;

namespace LlmGateway.Gateway.OpenAi;

internal static class OpenAiRoutes
{
    public static void AddOpenAi(this IHostApplicationBuilder builder)
    {
        builder.Services.AddOptions<RequestLimits>().BindConfiguration(RequestLimits.Section).ValidateDataAnnotations().ValidateOnStart();
        builder.Services.AddOptions<CompatibilityOptions>().BindConfiguration(CompatibilityOptions.Section);
        builder.Services.AddSingleton<ModelCalls>();
        builder.Services.AddSingleton<Responses>();
        builder.Services.AddSingleton<Models>();
    }

    public static void MapOpenAi(this IEndpointRouteBuilder routes)
    {
        var calls = routes.ServiceProvider.GetRequiredService<ModelCalls>();
        routes.MapPost("/v1/chat/completions", calls.ChatAsync).WithMetadata(LimitedElsewhere.Metadata);
        routes.MapPost("/v1/chat/completions/stream", calls.StreamedChatAsync).WithMetadata(LimitedElsewhere.Metadata);
        routes.MapPost("/v1/completions", calls.CompletionAsync).WithMetadata(LimitedElsewhere.Metadata);
        routes.MapPost("/v1/embeddings", calls.EmbeddingsAsync).WithMetadata(LimitedElsewhere.Metadata);

        var responses = routes.ServiceProvider.GetRequiredService<Responses>();
        routes.MapPost("/v1/responses", responses.CreateAsync).WithMetadata(LimitedElsewhere.Metadata);
        routes.MapGet("/v1/responses/{id}", Responses.NotStoredAsync);
        routes.MapDelete("/v1/responses/{id}", Responses.NotStoredAsync);

        var models = routes.ServiceProvider.GetRequiredService<Models>();
        routes.MapGet("/v1/models", models.ListAsync);
        routes.MapGet("/v1/models/{**id}", models.GetAsync);
        routes.MapGet("/v1/llm/models", models.ListArrayAsync);
    }
}
