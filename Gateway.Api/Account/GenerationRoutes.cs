using Grpc.Core;
using LlmGateway.Gateway.Authentication;
using LlmGateway.Gateway.Calls;
using LlmGateway.Gateway.OpenAi;
using LlmGateway.Protos.Billing.V1;
using LlmGateway.Protos.Keys.V1;

namespace LlmGateway.Gateway.Account;

/// <summary>/v1/generations/{id}: what became of one call. Its own key sees it, and so do administrators and operators.</summary>
internal static class GenerationRoutes
{
    // The same whether it is another's or nobody's, and without the id: it could be anything.
    private static readonly ApiError Unknown =
        new(StatusCodes.Status404NotFound, ApiErrors.InvalidRequest, "not_found", "No call of yours has this id.") { Param = "id" };

    public static void MapGenerations(this IEndpointRouteBuilder routes) => routes.MapGet("/v1/generations/{id}", GetAsync);

    private static async Task GetAsync(HttpContext context, string id, LedgerApi.LedgerApiClient ledger, ILogger<LedgerApi.LedgerApiClient> logger)
    {
        var caller = Caller.Of(context);
        var request = new GetGenerationRequest { RequestId = id };
        if (caller.Role is not (Role.Administrator or Role.Operator))
        {
            request.Asker = new() { AccountId = caller.AccountId, KeyId = caller.KeyId };
        }

        await AccountRoutes.AnswerAsync(context, logger, async _ =>
        {
            try
            {
                var call = await ledger.GetGenerationAsync(request, cancellationToken: context.RequestAborted);
                await context.WriteJsonAsync(
                    GenerationBody.From(call, withInternals: caller.Role is Role.Administrator), GenerationJson.Wire.GenerationBody);
            }
            catch (RpcException exception) when (exception.StatusCode is StatusCode.NotFound or StatusCode.InvalidArgument)
            {
                await OpenAiErrors.WriteAsync(context, Unknown);
            }
        });
    }
}
