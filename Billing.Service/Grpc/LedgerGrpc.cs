using Grpc.Core;
using LlmGateway.Billing.Ledger;
using LlmGateway.Protos.Billing.V1;

namespace LlmGateway.Billing.Grpc;

/// <summary>Translate, call, translate.</summary>
internal sealed class LedgerGrpc(
    Bookings bookings, Overdrafts overdrafts, LedgerVerifier verifier, Generations generations, Accounts accounts) : LedgerApi.LedgerApiBase
{
    private const string NoCall = "No call of yours has this id.";

    public override Task<BookReply> TopUp(TopUpRequest request, ServerCallContext context) => BookAsync(request.ToWanted(), context);

    public override Task<BookReply> Refund(RefundRequest request, ServerCallContext context) => BookAsync(request.ToWanted(), context);

    public override Task<BookReply> Adjust(AdjustRequest request, ServerCallContext context) => BookAsync(request.ToWanted(), context);

    public override async Task<SetOverdraftReply> SetOverdraft(SetOverdraftRequest request, ServerCallContext context)
    {
        var account = Fields.AccountId(request.AccountId);
        var overdraft = Fields.InRange("overdraft", request.OverdraftNanoUsd, 0, Overdrafts.Highest);
        var actor = Fields.Present("actor", request.Actor).Read("actor");
        var state = await overdrafts.SetAsync(account, overdraft, LedgerRequests.Note(request.Note), actor, context.CancellationToken);
        return new()
        {
            AccountId = account,
            OverdraftNanoUsd = overdraft,
            BalanceNanoUsd = state.Balance.Value,
            HeldNanoUsd = state.Held.Value,
            Owing = !state.Set,
        };
    }

    public override async Task<VerifyLedgerReply> Verify(VerifyLedgerRequest request, ServerCallContext context)
    {
        try
        {
            return (await verifier.VerifyAsync(context.CancellationToken)).ToReply();
        }
        catch (TimeoutException exception)
        {
            throw new RpcException(new Status(StatusCode.DeadlineExceeded, exception.Message));
        }
    }

    public override async Task<Generation> GetGeneration(GetGenerationRequest request, ServerCallContext context)
    {
        var requestId = Fields.RequestId(request.RequestId);
        var (account, key) = request.Asker is { } asker ? (Fields.AccountId(asker.AccountId), Fields.KeyId(asker.KeyId)) : (null, null);
        var call = (await generations.FindAsync(requestId, context.CancellationToken))?.ToMessage()
            ?? (await generations.FindHitAsync(requestId, context.CancellationToken))?.ToMessage();
        return call is not null && (account is null || (call.AccountId == account && call.KeyId == (key ?? "")))
            ? call
            : throw new RpcException(new Status(StatusCode.NotFound, NoCall));
    }

    public override async Task<ListOlderTransactionsReply> ListOlderTransactions(ListOlderTransactionsRequest request, ServerCallContext context)
    {
        var limit = (int)Fields.InRange("limit", request.Limit, 1, 100);
        var page = await accounts.TransactionsBeforeAsync(
            Fields.AccountId(request.AccountId), LedgerRequests.Posting("before", request.Before), limit + 1, context.CancellationToken);
        return new()
        {
            Transactions = { page.Take(limit).Select(transaction => transaction.ToMessage()) },
            More = page.Count > limit,
        };
    }

    private async Task<BookReply> BookAsync(WantedBooking wanted, ServerCallContext context)
    {
        var (booked, refusal) = await bookings.BookAsync(wanted, context.CancellationToken);
        return booked is null
            ? new() { Refusal = refusal!.ToMessage() }
            : new() { Booking = booked.ToMessage(), Repeated = booked.Repeated };
    }
}
