using System.Text.Json;
using System.Text.Json.Serialization;
using LlmGateway.Protos.Billing.V1;

namespace LlmGateway.Gateway.Account;

internal sealed record BalanceBody(string UserId, decimal Balance, decimal Available, decimal Held, string Currency)
{
    public static BalanceBody From(string accountId, GetBalanceReply reply) => new(
        accountId,
        Usd.FromNano(reply.BalanceNanoUsd),
        Usd.FromNano(reply.BalanceNanoUsd - reply.HeldNanoUsd),
        Usd.FromNano(reply.HeldNanoUsd),
        reply.Currency);
}

internal sealed record TransactionsBody(string UserId, IReadOnlyList<TransactionBody> Transactions, int Limit, long Offset, long Total)
{
    public static TransactionsBody From(string accountId, TransactionsPage page, ListTransactionsReply reply) => new(
        accountId, [.. reply.Transactions.Select(TransactionBody.From)], page.Limit, page.Offset, reply.Total);
}

/// <param name="Amount">In USD, negative for a charge.</param>
/// <param name="Timestamp">UTC.</param>
/// <param name="RequestId">Null where the posting belongs to no call; Model likewise.</param>
internal sealed record TransactionBody(
    string Id, decimal Amount, string Description, DateTime Timestamp, string Kind, string? RequestId, string? Model, decimal BalanceAfter)
{
    public static TransactionBody From(Transaction transaction) => new(
        transaction.Id,
        Usd.FromNano(transaction.AmountNanoUsd),
        transaction.Description,
        transaction.Timestamp.ToDateTime(),
        transaction.Kind,
        transaction.RequestId.Length > 0 ? transaction.RequestId : null,
        transaction.Model.Length > 0 ? transaction.Model : null,
        Usd.FromNano(transaction.BalanceAfterNanoUsd));
}

[JsonSerializable(typeof(BalanceBody))]
[JsonSerializable(typeof(TransactionsBody))]
internal sealed partial class AccountJson : JsonSerializerContext
{
    public static AccountJson Wire { get; } = new(new JsonSerializerOptions(JsonAnswer.Options));
}
