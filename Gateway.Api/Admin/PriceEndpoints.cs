using System.Globalization;
using Grpc.Core;
using LlmGateway.Gateway.Calls;
using LlmGateway.Protos.Billing.V1;

namespace LlmGateway.Gateway.Admin;

/// <summary>/admin/prices</summary>
internal sealed partial class PriceEndpoints(PricesApi.PricesApiClient prices, AdminEndpoint endpoint, ILogger<PriceEndpoints> logger)
{
    public async Task<AdminAnswer> ListAsync(HttpContext context)
    {
        var query = context.Request.Query;
        if ((AdminQuery.Page(query, out var page)
            ?? AdminQuery.Text(query, "provider", out _)
            ?? AdminQuery.Text(query, "model", out _)
            ?? AdminQuery.Text(query, "state", out _)) is { } error)
        {
            return error;
        }

        var request = new ListPricesRequest
        {
            Provider = query["provider"].ToString(),
            Model = query["model"].ToString(),
            State = query["state"].ToString(),
            Limit = page.Limit,
            Cursor = page.Cursor,
        };
        return await AskAsync(context, async () =>
        {
            var reply = await prices.ListPricesAsync(request, cancellationToken: context.RequestAborted);
            return AdminAnswer.Of(ListBody<PriceBody>.From(reply.Prices.Select(PriceBody.From), reply.NextCursor), AdminJson.Wire.ListBodyPriceBody);
        });
    }

    public async Task<AdminAnswer> GetAsync(HttpContext context) =>
        AdminQuery.Id(context, out var segment) is { } error ? error
        : !long.TryParse(segment, NumberStyles.None, CultureInfo.InvariantCulture, out var id) ? ApiErrors.Invalid("id", "a whole number")
        : await AskAsync(context, async () => AdminAnswer.Of(
            PriceBody.From(await prices.GetPriceAsync(new() { Id = id }, cancellationToken: context.RequestAborted)), AdminJson.Wire.PriceBody));

    public async Task<AdminAnswer> SetAsync(HttpContext context)
    {
        var (body, error) = await AdminBody.ReadAsync(context, endpoint.MaxBodyBytes, AdminJson.Read.NewPriceBody);
        if (body is null || (error = body.Fault()) is not null)
        {
            return error!;
        }

        return await AskAsync(context, async () => AdminAnswer.Of(
            PriceBody.From(await prices.SetPriceAsync(body.ToRequest(LedgerActor.Of(context)), cancellationToken: context.RequestAborted)),
            AdminJson.Wire.PriceBody,
            StatusCodes.Status201Created));
    }

    public async Task<AdminAnswer> RerateAsync(HttpContext context)
    {
        var (body, error) = await AdminBody.ReadAsync(context, endpoint.MaxBodyBytes, AdminJson.Read.RerateBody);
        if (body is null || (error = body.Fault()) is not null)
        {
            return error!;
        }

        return await AskAsync(context, async () => AdminAnswer.Of(
            ReratedBody.From(await prices.RerateAsync(body.ToRequest(), cancellationToken: context.RequestAborted)), AdminJson.Wire.ReratedBody));
    }

    private async Task<AdminAnswer> AskAsync(HttpContext context, Func<Task<AdminAnswer>> ask)
    {
        try
        {
            return await ask();
        }
        catch (RpcException exception) when (!context.RequestAborted.IsCancellationRequested)
        {
            switch (exception.StatusCode)
            {
                case StatusCode.InvalidArgument:
                    return Invalid(exception.Status.Detail);
                case StatusCode.NotFound:
                    return new ApiError(StatusCodes.Status404NotFound, ApiErrors.InvalidRequest, "not_found", exception.Status.Detail);
                default:
                    Log.BillingSilent(logger, context.TraceIdentifier, exception.StatusCode);
                    return ApiErrors.BillingUnavailable;
            }
        }
    }

    // "price.tiers[0].input: must be ...": the body has no "price" around its members.
    private static ApiError Invalid(string detail)
    {
        var colon = detail.IndexOf(": ", StringComparison.Ordinal);
        var field = colon > 0 ? detail[..colon] : "";
        field = field.StartsWith("price.", StringComparison.Ordinal) ? field["price.".Length..] : field;
        return new(StatusCodes.Status400BadRequest, ApiErrors.InvalidRequest, "invalid_value", $"'{field}' {detail[(colon + 2)..]}") { Param = field };
    }

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Warning, "Billing.Service did not answer request {RequestId}: {StatusCode}.")]
        public static partial void BillingSilent(ILogger logger, string requestId, StatusCode statusCode);
    }
}
