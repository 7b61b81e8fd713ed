using System.Text.Json.Serialization.Metadata;
using LlmGateway.Gateway.Authentication;
using LlmGateway.Gateway.Limits;
using LlmGateway.Protos.Billing.V1;

namespace LlmGateway.Gateway.Account;

/// <summary>What a key can see of its own usage and limits.</summary>
internal static class UsageRoutes
{
    public static void MapUsage(this IEndpointRouteBuilder routes)
    {
        routes.MapGet("/usage", Answer(UsageBody.From, UsageJson.Wire.UsageBody));
        routes.MapGet("/limits", Answer(LimitsAnswer.From, UsageJson.Wire.LimitsAnswer));
        routes.MapGet("/tariff", Answer((caller, usage, _) => TariffAnswer.From(caller, usage), UsageJson.Wire.TariffAnswer));
    }

    /// <summary>Asks nobody but the limiter.</summary>
    public static void MapRateLimit(this IEndpointRouteBuilder routes) => routes.MapGet("/rate-limit", async (HttpContext context, RequestLimiter limiter) =>
    {
        var caller = Caller.Of(context);
        var rate = RateLimitBody.From(await limiter.ReadAsync(caller));
        await context.WriteJsonAsync(
            new RateLimitAnswer(caller.MaskedKey, rate.Limit, rate.WindowSeconds, rate.CurrentCount, rate.Remaining, rate.Storage), UsageJson.Wire.RateLimitAnswer);
    });

    private static Delegate Answer<T>(Func<Caller, AccountUsage, LimitReadings, T> from, JsonTypeInfo<T> type) =>
        (HttpContext context, UsageApi.UsageApiClient billing, RequestLimiter limiter, ILogger<UsageApi.UsageApiClient> logger) =>
            AccountRoutes.AnswerAsync(context, logger, async accountId =>
            {
                var caller = Caller.Of(context);
                var request = new GetUsageRequest { AccountId = accountId, KeyId = caller.KeyId };
                var usage = await billing.GetUsageAsync(request, cancellationToken: context.RequestAborted);
                await context.WriteJsonAsync(from(caller, usage, await limiter.ReadAsync(caller)), type);
            });
}
