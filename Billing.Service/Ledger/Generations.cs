using LlmGateway.Billing.Data;
using Microsoft.EntityFrameworkCore;

namespace LlmGateway.Billing.Ledger;

/// <summary>One call as it stands.</summary>
/// <param name="Charge">Null while it is not settled.</param>
/// <param name="Rerating">The last one.</param>
/// <param name="Refunds">In their order.</param>
internal sealed record KnownCall(Hold Hold, Charge? Charge, Rerating? Rerating, IReadOnlyList<Booked> Refunds);

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
        return charge is null
            ? new(hold, null, null, [])
            : new(
                hold,
                charge,
                await Reratings(requestId).FirstOrDefaultAsync(cancellationToken),
                [.. (await Refunds(requestId).ToListAsync(cancellationToken)).Select(row => new Booked(
                    row.Posting.Id, row.Posting.Kind, row.Posting.AccountId, requestId, new(row.Booking.Amount), new(row.Posting.BalanceAfter),
                    row.Booking.Note, Actor.FromJson(row.Booking.Actor), row.Posting.CreatedAt))]);
    }

    /// <summary>An answer of the gateway's cache.</summary>
    /// <returns>Null where there is none of this id.</returns>
    public Task<CacheHit?> FindHitAsync(string requestId, CancellationToken cancellationToken) =>
        db.CacheHits.AsNoTracking().SingleOrDefaultAsync(hit => hit.RequestId == requestId, cancellationToken);

    internal IQueryable<Hold> Holds(string requestId) => db.Holds.AsNoTracking().Where(hold => hold.RequestId == requestId);

    internal IQueryable<Charge> Charges(string requestId) => db.Charges.AsNoTracking().Where(charge => charge.RequestId == requestId);

    internal IQueryable<Rerating> Reratings(string requestId) =>
        db.Reratings.AsNoTracking().Where(rerating => rerating.RequestId == requestId).OrderByDescending(rerating => rerating.Id);

    internal IQueryable<RefundRow> Refunds(string requestId) =>
        from booking in db.Bookings.AsNoTracking()
        join posting in db.Postings.AsNoTracking() on booking.PostingId equals posting.Id
        where booking.RequestId == requestId
        orderby posting.Id
        select new RefundRow(booking, posting);

    internal sealed record RefundRow(Booking Booking, Posting Posting);
}
