using LlmGateway.Keys.Data;
using LlmGateway.Keys.Management;
using LlmGateway.Protos.Keys.V1;
using Microsoft.EntityFrameworkCore;

namespace LlmGateway.Keys.Tariffs;

internal sealed class TariffList(KeysDbContext db, TariffViews views, TimeProvider time)
{
    public static Rejection NotFound() => Refused.NotFound("id", "no tariff has this id.");

    public async Task<Outcome<Protos.Keys.V1.Tariff>> GetAsync(string id, CancellationToken cancellationToken)
    {
        if (new Fields().TariffId("id", id).Problem is { } problem)
        {
            return problem;
        }

        var tariff = await db.Tariffs.AsNoTracking().Include(t => t.Versions).SingleOrDefaultAsync(t => t.Id == id, cancellationToken);
        return tariff is null ? NotFound() : await views.OfAsync(tariff, Moment.Now(time), cancellationToken);
    }

    public async Task<ListTariffsReply> ListAsync(ListRequest request, CancellationToken cancellationToken)
    {
        var asked = Page.Of("tariffs", request.Limit, request.Cursor, key => new Fields().TariffId("id", key).Problem is null);
        if (asked.Value is not { } page)
        {
            return new ListTariffsReply { Rejection = asked.Rejection };
        }

        var tariffs = await db.Tariffs.AsNoTracking().Include(tariff => tariff.Versions).AsSplitQuery()
            .Where(tariff => page.After == null || string.Compare(tariff.Id, page.After) > 0)
            .OrderBy(tariff => tariff.Id)
            .Take(page.Limit + 1)
            .ToListAsync(cancellationToken);
        var next = page.Cut(tariffs, tariff => tariff.Id);
        return new ListTariffsReply { NextCursor = next, Tariffs = { await views.OfAsync(tariffs, Moment.Now(time), cancellationToken) } };
    }
}
