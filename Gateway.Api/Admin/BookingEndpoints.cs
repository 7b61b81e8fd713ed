using LlmGateway.Gateway.Calls;
using LlmGateway.Protos.Billing.V1;
using Actor = LlmGateway.Protos.Billing.V1.Actor;

namespace LlmGateway.Gateway.Admin;

/// <summary>/admin/accounts/{id}/top-ups, /adjustments and /overdraft, /admin/generations/{id}/refunds</summary>
internal sealed class BookingEndpoints(LedgerApi.LedgerApiClient ledger, AdminEndpoint endpoint, AccountCheck check, BillingQuestion billing)
{
    public Task<AdminAnswer> TopUpAsync(HttpContext context) => BookAsync(
        context,
        body => body.TopUpFault(),
        id => check.UnknownAsync(context, id),
        async (id, body, terms) => Answer(
            context,
            await ledger.TopUpAsync(
                new() { AccountId = id, AmountNanoUsd = body.Amount!.Value.NanoUsd, Terms = terms }, cancellationToken: context.RequestAborted)));

    public Task<AdminAnswer> AdjustAsync(HttpContext context) => BookAsync(
        context,
        body => body.AdjustmentFault(),
        id => check.UnknownAsync(context, id),
        async (id, body, terms) => Answer(
            context,
            await ledger.AdjustAsync(
                new() { AccountId = id, AmountNanoUsd = body.Amount!.Value.NanoUsd, Terms = terms }, cancellationToken: context.RequestAborted)));

    public Task<AdminAnswer> RefundAsync(HttpContext context) => BookAsync(
        context,
        body => body.RefundFault(),
        _ => Task.FromResult<AdminAnswer?>(null),
        async (id, body, terms) =>
        {
            var request = new RefundRequest { RequestId = id, Terms = terms };
            if (body.Amount is { } amount)
            {
                request.AmountNanoUsd = amount.NanoUsd;
            }

            return Answer(context, await ledger.RefundAsync(request, cancellationToken: context.RequestAborted));
        });

    public async Task<AdminAnswer> SetOverdraftAsync(HttpContext context)
    {
        if (AdminQuery.Id(context, out var id) is { } fault)
        {
            return fault;
        }

        var (body, error) = await AdminBody.ReadAsync(context, endpoint.MaxBodyBytes, AdminJson.Read.NewOverdraftBody);
        if (body is null || (error = body.Fault()) is not null)
        {
            return error!;
        }

        var request = new SetOverdraftRequest
        {
            AccountId = id,
            OverdraftNanoUsd = body.Overdraft!.Value.NanoUsd,
            Note = body.Note ?? "",
            Actor = LedgerActor.Of(context),
        };
        return await check.UnknownAsync(context, id) ?? await billing.AskAsync(context, async () =>
        {
            var reply = await ledger.SetOverdraftAsync(request, cancellationToken: context.RequestAborted);
            return reply.Owing ? BookingErrors.Owing(reply) : AdminAnswer.Of(OverdraftBody.From(reply), AdminJson.Wire.OverdraftBody);
        });
    }

    private async Task<AdminAnswer> BookAsync(
        HttpContext context, Func<NewBookingBody, ApiError?> faultOf, Func<string, Task<AdminAnswer?>> unknownAsync,
        Func<string, NewBookingBody, BookingTerms, Task<AdminAnswer>> bookAsync)
    {
        if (AdminQuery.Id(context, out var id) is { } fault)
        {
            return fault;
        }

        var (body, error) = await AdminBody.ReadAsync(context, endpoint.MaxBodyBytes, AdminJson.Read.NewBookingBody);
        if (body is null || (error = faultOf(body)) is not null)
        {
            return error!;
        }

        return IdempotencyKey.Read(context, body.IdempotencyKey, out var key) is { } refused
            ? refused
            : await unknownAsync(id) ?? await billing.AskAsync(context, () => bookAsync(id, body, body.ToTerms(LedgerActor.Of(context), key)));
    }

    private static AdminAnswer Answer(HttpContext context, BookReply reply)
    {
        if (reply.Refusal is { } refusal)
        {
            return BookingErrors.Of(refusal);
        }

        if (reply.Repeated)
        {
            context.Response.Headers["Idempotent-Replayed"] = "true";
        }

        return AdminAnswer.Of(BookingBody.From(reply.Booking), AdminJson.Wire.BookingBody, StatusCodes.Status201Created);
    }
}

internal static class LedgerActor
{
    /// <summary>Who asks, as Billing keeps it.</summary>
    public static Actor Of(HttpContext context)
    {
        var actor = AdminEndpoint.ActorOf(context);
        return new() { AccountId = actor.AccountId, KeyId = actor.KeyId, MaskedKey = actor.MaskedKey, RequestId = actor.RequestId };
    }
}
