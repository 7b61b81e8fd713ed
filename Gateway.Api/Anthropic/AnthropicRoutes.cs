using LlmGateway.Gateway.Limits;

namespace LlmGateway.Gateway.Anthropic;

internal static class AnthropicRoutes
{
    public static void AddAnthropic(this IHostApplicationBuilder builder)
    {
        builder.Services.AddSingleton<Messages>();
        builder.Services.AddSingleton<TokenCounts>();
    }

    public static void MapAnthropic(this IEndpointRouteBuilder routes)
    {
        routes.MapPost("/v1/messages", routes.ServiceProvider.GetRequiredService<Messages>().CreateAsync).WithMetadata(LimitedElsewhere.Metadata);
        routes.MapPost("/v1/messages/count_tokens", routes.ServiceProvider.GetRequiredService<TokenCounts>().CountAsync);
    }
}
