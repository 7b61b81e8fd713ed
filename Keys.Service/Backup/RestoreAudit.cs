using LlmGateway.Keys.Audit;
using LlmGateway.Keys.Data;
using LlmGateway.Protos.Keys.V1;
using Actor = LlmGateway.Keys.Audit.Actor;

namespace LlmGateway.Keys.Backup;

/// <summary>What a restore leaves in the audit: one entry of its own, then one for each account, tariff and key that it added or overwrote.</summary>
internal static class RestoreAudit
{
    // Each as the restore left it: of keys, those too that only lost a secret to one of the document. No hash, no text of anybody's.
    private static readonly string[] Rows =
    [
        Statement("tariff", "tariffs", "'versions', (SELECT count(*) FROM keys.tariff_versions v WHERE v.tariff_id = e.id)"),
        Statement("account", "accounts", "'tariff', e.tariff_id, 'revoked_at', e.revoked_at"),
        Statement(
            "key",
            "api_keys",
            """
            'account', e.account_id, 'role', e.role, 'source', e.source, 'tariff', e.tariff_id, 'expires_at', e.expires_at, 'revoked_at', e.revoked_at,
            'secrets', (SELECT count(*) FROM keys.key_secrets s WHERE s.key_id = e.id)
            """),
    ];

    public static async Task AddAsync(
        KeysDbContext db, Actor by, DateTimeOffset now, IEnumerable<RestoreChange> changes, CancellationToken cancellationToken)
    {
        var details = changes.ToDictionary(change => change.Kind, change => new { change.Added, change.Unchanged, change.Overwritten });
        AuditLog.Add(db, by, now, "backup.restored", ("backup", ""), details);
        await db.SaveChangesAsync(cancellationToken);
        var own = db.AuditEntries.Local.Single().Id;
        foreach (var statement in Rows)
        {
            await db.RunAsync(statement, cancellationToken, own);
        }
    }

    // Who, when and for which request are copied from the restore's own entry.
    private static string Statement(string kind, string table, string details) =>
        $"""
        INSERT INTO keys.audit_entries
                (at, actor_account_id, actor_key_id, actor_masked_key, request_id, action, subject_kind, subject_id, details)
            SELECT b.at, b.actor_account_id, b.actor_key_id, b.actor_masked_key, b.request_id, '{kind}.restored', '{kind}', e.id::text,
                jsonb_build_object('overwritten', c.overwritten, {details})
            FROM (SELECT id, FALSE AS overwritten FROM added_{table} UNION ALL SELECT id, TRUE FROM overwritten_{table}) c
            JOIN keys.{table} e USING (id) JOIN keys.audit_entries b ON b.id = $1
            ORDER BY e.id::text COLLATE "C"
        """;
}
