using LlmGateway.Billing.Data;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Caching.Memory;

namespace LlmGateway.Billing.Ledger;

/// <summary>
/// How many transactions an account has, exactly. Postings never change, and an account's are numbered under its lock: each commits behind
/// those before it. So what was counted once is not counted again, but only what came since.
/// </summary>
internal sealed class TransactionCounts : IDisposable
{
    private const int MostAccounts = 10_000;

    // Should another database be put in the old one's place.
    private static readonly TimeSpan Kept = TimeSpan.FromMinutes(10);

    private readonly MemoryCache _counted = new(new MemoryCacheOptions { SizeLimit = MostAccounts });

    /// <param name="transactions">All of the account's.</param>
    public async Task<long> CountAsync(string account, IQueryable<Posting> transactions, CancellationToken cancellationToken)
    {
        var counted = _counted.TryGetValue(account, out Counted? known) ? known! : new(0, long.MinValue);
        var newer = await transactions.Where(posting => posting.Id > counted.Last)
            .GroupBy(posting => posting.AccountId).Select(all => new { Count = all.LongCount(), Last = all.Max(posting => posting.Id) })
            .SingleOrDefaultAsync(cancellationToken);
        if (newer is not null)
        {
            counted = new(counted.Count + newer.Count, newer.Last);
            _counted.Set(account, counted, new MemoryCacheEntryOptions { Size = 1, AbsoluteExpirationRelativeToNow = Kept });
        }

        return counted.Count;
    }

    public void Dispose() => _counted.Dispose();

    private sealed record Counted(long Count, long Last);
}
