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
        routes.MapPost("/v1/chat/completions", calls.ChatAsync);
        routes.MapPost("/v1/chat/completions/stream", calls.StreamedChatAsync);
        routes.MapPost("/v1/completions", calls.CompletionAsync);
        routes.MapPost("/v1/embeddings", calls.EmbeddingsAsync);

        var responses = routes.ServiceProvider.GetRequiredService<Responses>();
        routes.MapPost("/v1/responses", responses.CreateAsync);
        routes.MapGet("/v1/responses/{id}", Responses.NotStoredAsync);
        routes.MapDelete("/v1/responses/{id}", Responses.NotStoredAsync);

        var models = routes.ServiceProvider.GetRequiredService<Models>();
        routes.MapGet("/v1/models", models.ListAsync);
        routes.MapGet("/v1/models/{**id}", models.GetAsync);
    }
}
