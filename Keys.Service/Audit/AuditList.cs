using System.Globalization;
using LlmGateway.Keys.Data;
using LlmGateway.Keys.Management;
using LlmGateway.Protos.Keys.V1;
using Microsoft.EntityFrameworkCore;

namespace LlmGateway.Keys.Audit;

internal sealed class AuditList(KeysDbContext db)
{
    /// <summary>Newest first.</summary>
    public async Task<ListAuditReply> ListAsync(ListRequest request, CancellationToken cancellationToken)
    {
        var asked = Page.Of("audit", request.Limit, request.Cursor, key => TryParse(key, out _));
        if (asked.Value is not { } page)
        {
            return new ListAuditReply { Rejection = asked.Rejection };
        }

        var before = page.After is { } after && TryParse(after, out var id) ? id : long.MaxValue;
        var entries = await db.AuditEntries.AsNoTracking()
            .Where(entry => entry.Id < before)
            .OrderByDescending(entry => entry.Id)
            .Take(page.Limit + 1)
            .ToListAsync(cancellationToken);
        var next = page.Cut(entries, entry => entry.Id.ToString(CultureInfo.InvariantCulture));
        return new ListAuditReply { NextCursor = next, Entries = { entries.Select(View) } };
    }

    private static Protos.Keys.V1.AuditEntry View(AuditEntry entry) => new()
    {
        Id = entry.Id,
        At = Moment.ToProto(entry.At),
        Actor = entry.ToProto(),
        Action = entry.Action,
        SubjectKind = entry.SubjectKind,
        SubjectId = entry.SubjectId,
        DetailsJson = entry.Details,
    };

    private static bool TryParse(string key, out long id) => long.TryParse(key, NumberStyles.None, CultureInfo.InvariantCulture, out id);
}
