using System.Collections.Concurrent;
using System.Diagnostics.CodeAnalysis;
using LlmGateway.Billing.Pricing;

namespace LlmGateway.Billing.Ledger;

/// <summary>By which prices and markup a hold was made, which never change.</summary>
internal sealed record HeldTerm(PriceBook Book, int MarkupBasisPoints, IReadOnlyList<PricedModel> Candidates)
{
    public bool TryPrice(PricedModel model, [NotNullWhen(true)] out TokenPrices? prices, out long version)
    {
        (prices, version) = (null, 0);
        return Candidates.Contains(model) && Book.Prices.TryGetValue(model, out prices) && Book.Versions.TryGetValue(model, out version);
    }
}

/// <summary>
/// The terms of the holds that this process made, so that most settlements need not read theirs: it was a third of what a settlement cost
/// the database. What is not here is read; nothing is decided by what is here, for the hold's state and amount are the database's.
/// </summary>
/// <param name="time">Tells how long ago the last turn was.</param>
internal sealed class HeldTerms(TimeProvider time)
{
    // Two generations, turned when the young one is full or old: most calls end within minutes, and those of a process that ended never do.
    private const int Most = 50_000;
    private static readonly TimeSpan Turn = TimeSpan.FromMinutes(10);

    private readonly Lock _turning = new();
    private ConcurrentDictionary<string, HeldTerm> _young = new();
    private ConcurrentDictionary<string, HeldTerm> _old = new();
    private long _turned = time.GetTimestamp();
    private int _count;

    public void Remember(string requestId, HeldTerm term)
    {
        if (Interlocked.Increment(ref _count) > Most || time.GetElapsedTime(Volatile.Read(ref _turned)) > Turn)
        {
            TurnOver();
        }

        // The first one stays: a repeated hold is the one that was made first.
        _young.TryAdd(requestId, term);
    }

    public HeldTerm? Find(string requestId) => _young.GetValueOrDefault(requestId) ?? _old.GetValueOrDefault(requestId);

    public void Forget(string requestId)
    {
        if (!_young.TryRemove(requestId, out _))
        {
            _old.TryRemove(requestId, out _);
        }
    }

    private void TurnOver()
    {
        lock (_turning)
        {
            if (_count > Most || time.GetElapsedTime(_turned) > Turn)
            {
                (_old, _young) = (_young, new());
                Volatile.Write(ref _turned, time.GetTimestamp());
                _count = 0;
            }
        }
    }
}
