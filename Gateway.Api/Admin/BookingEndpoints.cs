using LlmGateway.Gateway.Calls;
using LlmGateway.Protos.Billing.V1;
using LlmGateway.Protos.Keys.V1;
using Actor = LlmGateway.Protos.Billing.V1.Actor;

namespace LlmGateway.Gateway.Admin;

/// <summary>/admin/accounts/{id}/top-ups, /adjustments and /overdraft, /admin/generations/{id}/refunds</summary>
internal sealed class BookingEndpoints(
    LedgerApi.LedgerApiClient ledger, KeysAdminApi.KeysAdminApiClient keys, AdminEndpoint endpoint, BillingQuestion billing)
{
    public Task<AdminAnswer> TopUpAsync(HttpContext context) => BookAsync(
        context,
        body => body.TopUpFault(),
        async (id, body, terms) => await UnknownAccountAsync(context, id) ?? Answer(
            context,
            await ledger.TopUpAsync(
                new() { AccountId = id, AmountNanoUsd = body.Amount!.Value.NanoUsd, Terms = terms }, cancellationToken: context.RequestAborted)));

    public Task<AdminAnswer> AdjustAsync(HttpContext context) => BookAsync(
        context,
        body => body.AdjustmentFault(),
        async (id, body, terms) => await UnknownAccountAsync(context, id) ?? Answer(
            context,
            await ledger.AdjustAsync(
                new() { AccountId = id, AmountNanoUsd = body.Amount!.Value.NanoUsd, Terms = terms }, cancellationToken: context.RequestAborted)));

    public Task<AdminAnswer> RefundAsync(HttpContext context) => BookAsync(
        context,
        body => body.RefundFault(),
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
        return await UnknownAccountAsync(context, id) ?? await billing.AskAsync(context, async () =>
        {
            var reply = await ledger.SetOverdraftAsync(request, cancellationToken: context.RequestAborted);
            return reply.Owing ? BookingErrors.Owing(reply) : AdminAnswer.Of(OverdraftBody.From(reply), AdminJson.Wire.OverdraftBody);
        });
    }

    private async Task<AdminAnswer> BookAsync(
        HttpContext context, Func<NewBookingBody, ApiError?> faultOf, Func<string, NewBookingBody, BookingTerms, Task<AdminAnswer>> book)
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
            : await billing.AskAsync(context, () => book(id, body, body.ToTerms(LedgerActor.Of(context), key)));
    }

    // Billing opens accounts as they come: money for a name that was mistyped would be gone.
    private async Task<AdminAnswer?> UnknownAccountAsync(HttpContext context, string id)
    {
        var account = await keys.GetAccountAsync(new() { Id = id }, cancellationToken: context.RequestAborted);
        if (account.Rejection is not { } rejection)
        {
            return null;
        }

        return rejection;
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
