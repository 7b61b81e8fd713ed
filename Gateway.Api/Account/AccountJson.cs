using System.Text.Json;
using System.Text.Json.Serialization;
using Google.Protobuf.Collections;
using LlmGateway.Protos.Billing.V1;

namespace LlmGateway.Gateway.Account;

/// <param name="Available">The balance, less what is held, and the overdraft.</param>
internal sealed record BalanceBody(string UserId, decimal Balance, decimal Available, decimal Held, string Currency)
{
    public static BalanceBody From(string accountId, GetBalanceReply reply) => new(
        accountId,
        Usd.FromNano(reply.BalanceNanoUsd),
        Usd.FromNano(reply.BalanceNanoUsd - reply.HeldNanoUsd + reply.OverdraftNanoUsd),
        Usd.FromNano(reply.HeldNanoUsd),
        reply.Currency);
}

/// <param name="Offset">Null of a page by cursor, whose place is in no count; Total likewise.</param>
/// <param name="NextCursor">Goes on after this page, whatever was added meanwhile; null on the last one.</param>
internal sealed record TransactionsBody(
    string UserId, IReadOnlyList<TransactionBody> Transactions, int Limit, long? Offset, long? Total, string? NextCursor)
{
    public static TransactionsBody From(string accountId, TransactionsPage page, ListTransactionsReply reply) => new(
        accountId, Bodies(reply.Transactions), page.Limit, page.Offset, reply.Total,
        Next(reply.Transactions, more: page.Offset + reply.Transactions.Count < reply.Total));

    public static TransactionsBody From(string accountId, TransactionsPage page, ListOlderTransactionsReply reply) => new(
        accountId, Bodies(reply.Transactions), page.Limit, Offset: null, Total: null, Next(reply.Transactions, reply.More));

    private static List<TransactionBody> Bodies(IEnumerable<Transaction> transactions) => [.. transactions.Select(TransactionBody.From)];

    private static string? Next(RepeatedField<Transaction> page, bool more) => more && page.Count > 0 ? TransactionsCursor.After(page[^1].Id) : null;
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
