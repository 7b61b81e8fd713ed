using Google.Protobuf.WellKnownTypes;
using Grpc.Core;
using LlmGateway.Billing.Ledger;
using LlmGateway.Billing.Pricing;
using LlmGateway.Protos.Billing.V1;
using Microsoft.Extensions.Options;

namespace LlmGateway.Billing.Grpc;

/// <summary>Translate, call, translate. Bad fields are INVALID_ARGUMENT by name; what the ledger refuses is part of the reply.</summary>
internal sealed class BillingGrpc(
    Holds holds, Extensions extensions, Settlements settlements, CacheHits hits, Accounts accounts, Prices prices, IOptions<BillingOptions> options,
    TimeProvider time)
    : BillingApi.BillingApiBase
{
    public override async Task<HoldReply> Hold(HoldRequest request, ServerCallContext context) =>
        (await holds.HoldAsync(request.ToWantedHold(), context.CancellationToken)).ToReply();

    public override async Task<QuoteReply> Quote(HoldRequest request, ServerCallContext context)
    {
        var (amount, unpriced) = await holds.QuoteAsync(request.ToWantedHold(), context.CancellationToken);
        return new() { AmountNanoUsd = amount.Value, Unpriced = unpriced?.ToString() ?? "" };
    }

    public override async Task<HoldReply> Extend(ExtendRequest request, ServerCallContext context) =>
        (await extensions.ExtendAsync(
            new(
                Fields.RequestId(request.RequestId), Fields.Tokens("prompt_tokens", request.PromptTokens),
                Fields.Tokens("output_tokens", request.OutputTokens)),
            context.CancellationToken)).ToReply();

    public override async Task<RenewReply> Renew(RenewRequest request, ServerCallContext context)
    {
        var (expiresAt, refusal) = await holds.RenewAsync(Fields.RequestId(request.RequestId), context.CancellationToken);
        return refusal is null
            ? new() { ExpiresAt = Timestamp.FromDateTimeOffset(expiresAt) }
            : new() { Refusal = refusal.ToMessage() };
    }

    public override async Task<SettleReply> Settle(SettleRequest request, ServerCallContext context) =>
        (await settlements.SettleAsync(request.ToUsedCall(time), context.CancellationToken)).ToReply();

    public override async Task<ChargeCacheHitReply> ChargeCacheHit(ChargeCacheHitRequest request, ServerCallContext context) =>
        (await hits.ChargeAsync(request.ToWantedHit(), context.CancellationToken)).ToReply();

    public override async Task<ReleaseReply> Release(ReleaseRequest request, ServerCallContext context)
    {
        await holds.ReleaseAsync(
            Fields.RequestId(request.RequestId), AttemptsJson.Write(request.Attempts), ConsideredJson.Write(request.Considered),
            context.CancellationToken);
        return new();
    }

    public override async Task<AnnouncePricesReply> AnnouncePrices(AnnouncePricesRequest request, ServerCallContext context) =>
        new() { Changed = await prices.AnnounceAsync(request.ToPrices(), context.CancellationToken) };

    // LostDatabaseInterceptor refuses it while there is no database.
    public override Task<PingReply> Ping(PingRequest request, ServerCallContext context) => Task.FromResult(new PingReply());

    public override async Task<GetBalanceReply> GetBalance(GetBalanceRequest request, ServerCallContext context)
    {
        var account = await accounts.GetAsync(Fields.AccountId(request.AccountId), context.CancellationToken);
        return new()
        {
            BalanceNanoUsd = account.Balance,
            HeldNanoUsd = account.Held,
            OverdraftNanoUsd = account.Overdraft,
            Currency = options.Value.Currency,
        };
    }

    public override async Task<ListTransactionsReply> ListTransactions(ListTransactionsRequest request, ServerCallContext context)
    {
        var (page, total) = await accounts.TransactionsAsync(
            Fields.AccountId(request.AccountId),
            (int)Fields.InRange("limit", request.Limit, 1, 100),
            Fields.InRange("offset", request.Offset, 0, int.MaxValue),
            context.CancellationToken);
        return new() { Transactions = { page.Select(transaction => transaction.ToMessage()) }, Total = total };
    }
}
