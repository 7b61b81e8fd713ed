using LlmGateway.Billing.Data;
using LlmGateway.Billing.Pricing;
using Microsoft.EntityFrameworkCore;

namespace LlmGateway.Billing.Ledger;

/// <summary>One call as it stands.</summary>
/// <param name="Charge">Null while it is not settled.</param>
/// <param name="Rerating">The last one.</param>
/// <param name="Refunds">In their order.</param>
internal sealed record KnownCall(Hold Hold, Charge? Charge, Rerating? Rerating, IReadOnlyList<Booked> Refunds)
{
    /// <summary>By which the answer was priced, in the tier of its prompt; null where it had no price.</summary>
    public (Rates Rates, NanoUsd PerRequest)? Prices { get; init; }

    /// <summary>In the order of the attempts.</summary>
    public IReadOnlyList<(Posting Posting, NanoUsd Cost)> ProviderCosts { get; init; } = [];
}

/// <summary>Looks up what became of a call. A call is known from its hold on.</summary>
internal sealed class Generations(BillingDbContext db)
{
    /// <returns>Null where there is no such call.</returns>
    public async Task<KnownCall?> FindAsync(string requestId, CancellationToken cancellationToken)
    {
        // In this order, so that what a settled hold stands for is there.
        var hold = await Holds(requestId).SingleOrDefaultAsync(cancellationToken);
        if (hold is null)
        {
            return null;
        }

        var charge = await Charges(requestId).SingleOrDefaultAsync(cancellationToken);
        if (charge is null)
        {
            return new(hold, null, null, []);
        }

        var rerating = await Reratings(requestId).FirstOrDefaultAsync(cancellationToken);
        var version = await Versions(rerating?.PriceVersion ?? charge.PriceVersion).SingleOrDefaultAsync(cancellationToken);
        return new(
            hold,
            charge,
            rerating,
            [.. (await Refunds(requestId).ToListAsync(cancellationToken)).Select(row => new Booked(
                row.Posting.Id, row.Posting.Kind, row.Posting.AccountId, requestId, new(row.Booking.Amount), new(row.Posting.BalanceAfter),
                row.Booking.Note, Actor.FromJson(row.Booking.Actor), row.Posting.CreatedAt))])
        {
            Prices = version is null || AnnouncedPrices.Of(version).Usable is not { } prices ? null
                : (prices.RatesOf(TokensOf(charge)), new(prices.PerRequest)),
            ProviderCosts = [.. (await ProviderCosts(requestId).ToListAsync(cancellationToken))
                .Select(row => (row.Posting, new NanoUsd(row.Entry.Amount)))],
        };
    }

    /// <summary>An answer of the gateway's cache.</summary>
    /// <returns>Null where there is none of this id.</returns>
    public Task<CacheHit?> FindHitAsync(string requestId, CancellationToken cancellationToken) =>
        db.CacheHits.AsNoTracking().SingleOrDefaultAsync(hit => hit.RequestId == requestId, cancellationToken);

    private static TokenUsage TokensOf(Charge charge) =>
        new(charge.InputTokens, charge.CachedInputTokens, charge.CacheWriteTokens, charge.OutputTokens)
        {
            CacheWrite1h = charge.CacheWrite1hTokens,
            Reasoning = charge.ReasoningTokens,
        };

    internal IQueryable<Hold> Holds(string requestId) => db.Holds.AsNoTracking().Where(hold => hold.RequestId == requestId);

    internal IQueryable<Charge> Charges(string requestId) => db.Charges.AsNoTracking().Where(charge => charge.RequestId == requestId);

    internal IQueryable<Rerating> Reratings(string requestId) =>
        db.Reratings.AsNoTracking().Where(rerating => rerating.RequestId == requestId).OrderByDescending(rerating => rerating.Id);

    internal IQueryable<PriceVersion> Versions(long id) => db.PriceVersions.AsNoTracking().Where(version => version.Id == id);

    internal IQueryable<ProviderCostRow> ProviderCosts(string requestId) =>
        from posting in db.Postings.AsNoTracking()
        join entry in db.Entries.AsNoTracking() on posting.Id equals entry.PostingId
        where posting.RequestId == requestId && posting.Attempt != null && entry.Book == "provider_cost"
        orderby posting.Id
        select new ProviderCostRow(posting, entry);

    internal IQueryable<RefundRow> Refunds(string requestId) =>
        from booking in db.Bookings.AsNoTracking()
        join posting in db.Postings.AsNoTracking() on booking.PostingId equals posting.Id
        where booking.RequestId == requestId
        orderby posting.Id
        select new RefundRow(booking, posting);

    internal sealed record ProviderCostRow(Posting Posting, Entry Entry);

    internal sealed record RefundRow(Booking Booking, Posting Posting);
}
