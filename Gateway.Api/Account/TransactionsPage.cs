using System.Globalization;
using LlmGateway.Gateway.Calls;
using Microsoft.Extensions.Primitives;

namespace LlmGateway.Gateway.Account;

/// <summary>?limit=10&amp;offset=0, or ?limit=10&amp;cursor=...</summary>
/// <param name="Limit">Transactions at most.</param>
/// <param name="Offset">How many of the newest are passed over.</param>
/// <param name="Before">The id of the transaction that the page goes on after; null for none.</param>
internal readonly record struct TransactionsPage(int Limit, long Offset, string? Before = null)
{
    private const int DefaultLimit = 10;
    private const int MaxLimit = 100;

    // What Billing takes.
    private const int MaxOffset = int.MaxValue;

    public static ApiError? Read(IQueryCollection query, out TransactionsPage page)
    {
        page = default;
        if (!TryRead(query["limit"], DefaultLimit, 1, MaxLimit, out var limit))
        {
            return ApiErrors.Invalid("limit", $"a whole number from 1 to {MaxLimit}");
        }

        if (!TryRead(query["offset"], 0, 0, MaxOffset, out var offset))
        {
            return ApiErrors.Invalid("offset", $"a whole number from 0 to {MaxOffset}");
        }

        if (query["cursor"] is { Count: > 0 } cursor)
        {
            return TransactionsCursor.TryRead(cursor, out var before)
                ? Beside(query, new((int)limit, 0, before), out page)
                : ApiErrors.Invalid("cursor", "one that was given out as next_cursor");
        }

        page = new((int)limit, offset);
        return null;
    }

    // A cursor is a place of its own.
    private static ApiError? Beside(IQueryCollection query, TransactionsPage read, out TransactionsPage page)
    {
        page = read;
        return query.ContainsKey("offset") ? ApiErrors.Invalid("offset", "left out beside a cursor") : null;
    }

    private static bool TryRead(StringValues sent, long missing, long least, long most, out long value)
    {
        value = missing;
        return sent.Count == 0
            || (sent.Count == 1
                && long.TryParse(sent[0], NumberStyles.None, CultureInfo.InvariantCulture, out value)
                && value >= least
                && value <= most);
    }
}
