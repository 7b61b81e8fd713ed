using Grpc.Core;
using LlmGateway.Gateway.Authentication;
using LlmGateway.Gateway.Calls;
using LlmGateway.Gateway.OpenAi;
using LlmGateway.Protos.Billing.V1;

namespace LlmGateway.Gateway.Account;

/// <summary>What an account can see of its own money.</summary>
internal static partial class AccountRoutes
{
    public static void MapAccount(this IEndpointRouteBuilder routes)
    {
        var billing = routes.MapGroup("/billing");
        billing.MapGet("/balance", BalanceAsync);
        billing.MapGet("/transactions", TransactionsAsync);
    }

    private static Task BalanceAsync(HttpContext context, BillingApi.BillingApiClient billing, ILogger<BillingApi.BillingApiClient> logger) =>
        AnswerAsync(context, logger, async accountId =>
        {
            var reply = await billing.GetBalanceAsync(new() { AccountId = accountId }, cancellationToken: context.RequestAborted);
            await context.WriteJsonAsync(BalanceBody.From(accountId, reply), AccountJson.Wire.BalanceBody);
        });

    private static async Task TransactionsAsync(
        HttpContext context, BillingApi.BillingApiClient billing, LedgerApi.LedgerApiClient ledger, ILogger<BillingApi.BillingApiClient> logger)
    {
        if (TransactionsPage.Read(context.Request.Query, out var page) is { } error)
        {
            await OpenAiErrors.WriteAsync(context, error);
            return;
        }

        await AnswerAsync(context, logger, async accountId =>
        {
            await context.WriteJsonAsync(await PageAsync(context, billing, ledger, accountId, page), AccountJson.Wire.TransactionsBody);
        });
    }

    private static async Task<TransactionsBody> PageAsync(
        HttpContext context, BillingApi.BillingApiClient billing, LedgerApi.LedgerApiClient ledger, string accountId, TransactionsPage page)
    {
        if (page.Before is { } before)
        {
            var older = new ListOlderTransactionsRequest { AccountId = accountId, Limit = page.Limit, Before = before };
            return TransactionsBody.From(accountId, page, await ledger.ListOlderTransactionsAsync(older, cancellationToken: context.RequestAborted));
        }

        var request = new ListTransactionsRequest { AccountId = accountId, Limit = page.Limit, Offset = page.Offset };
        return TransactionsBody.From(accountId, page, await billing.ListTransactionsAsync(request, cancellationToken: context.RequestAborted));
    }

    internal static async Task AnswerAsync(HttpContext context, ILogger logger, Func<string, Task> answer)
    {
        try
        {
            await answer(Caller.Of(context).AccountId);
        }
        catch (RpcException exception) when (!context.RequestAborted.IsCancellationRequested)
        {
            Log.BillingFailed(logger, context.TraceIdentifier, exception.StatusCode);
            await OpenAiErrors.WriteAsync(context, ApiErrors.BillingUnavailable);
        }
    }

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Warning, "Billing.Service did not answer request {RequestId}: {StatusCode}.")]
        public static partial void BillingFailed(ILogger logger, string requestId, StatusCode statusCode);
    }
}
