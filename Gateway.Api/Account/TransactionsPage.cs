using System.Globalization;
using LlmGateway.Gateway.Calls;
using Microsoft.Extensions.Primitives;

namespace LlmGateway.Gateway.Account;

/// <summary>?limit=10&amp;offset=0</summary>
internal readonly record struct TransactionsPage(int Limit, long Offset)
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

        page = new((int)limit, offset);
        return null;
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
