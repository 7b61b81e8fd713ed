using System.Text.Json.Serialization.Metadata;
using LlmGateway.Gateway.Authentication;
using LlmGateway.Protos.Billing.V1;

namespace LlmGateway.Gateway.Account;

/// <summary>What a key can see of its own usage and limits.</summary>
internal static class UsageRoutes
{
    public static void MapUsage(this IEndpointRouteBuilder routes)
    {
        routes.MapGet("/usage", Answer(UsageBody.From, UsageJson.Wire.UsageBody));
        routes.MapGet("/limits", Answer(LimitsAnswer.From, UsageJson.Wire.LimitsAnswer));
        routes.MapGet("/tariff", Answer(TariffAnswer.From, UsageJson.Wire.TariffAnswer));
    }

    private static Delegate Answer<T>(Func<Caller, AccountUsage, T> from, JsonTypeInfo<T> type) =>
        (HttpContext context, UsageApi.UsageApiClient billing, ILogger<UsageApi.UsageApiClient> logger) =>
            AccountRoutes.AnswerAsync(context, logger, async accountId =>
            {
                var caller = Caller.Of(context);
                var request = new GetUsageRequest { AccountId = accountId, KeyId = caller.KeyId };
                var usage = await billing.GetUsageAsync(request, cancellationToken: context.RequestAborted);
                await context.WriteJsonAsync(from(caller, usage), type);
            });
}
