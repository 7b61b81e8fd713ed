using LlmGateway.Keys.Audit;
using LlmGateway.Keys.Changes;
using LlmGateway.Keys.Tokens;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace LlmGateway.Keys.Data;

internal sealed class ChangesTable : IEntityTypeConfiguration<ChangeRecord>
{
    public void Configure(EntityTypeBuilder<ChangeRecord> change)
    {
        change.ToTable("changes");
        change.HasKey(c => c.Position).HasName("changes_pkey");
        change.Property(c => c.Position).HasColumnName("position").UseIdentityAlwaysColumn();
        change.Property(c => c.Thing).HasColumnName("thing").IsEnumName();
        change.Property(c => c.Subject).HasColumnName("subject");
        change.Property(c => c.ChangedAt).HasColumnName("changed_at").HasDefaultValueSql("clock_timestamp()");
    }
}

internal sealed class AuditEntriesTable : IEntityTypeConfiguration<AuditEntry>
{
    public void Configure(EntityTypeBuilder<AuditEntry> entry)
    {
        entry.ToTable("audit_entries");
        entry.HasKey(e => e.Id).HasName("audit_entries_pkey");
        entry.Property(e => e.Id).HasColumnName("id").UseIdentityAlwaysColumn();
        entry.Property(e => e.At).HasColumnName("at");
        entry.Property(e => e.ActorAccountId).HasColumnName("actor_account_id");
        entry.Property(e => e.ActorKeyId).HasColumnName("actor_key_id");
        entry.Property(e => e.ActorMaskedKey).HasColumnName("actor_masked_key");
        entry.Property(e => e.RequestId).HasColumnName("request_id");
        entry.Property(e => e.Action).HasColumnName("action");
        entry.Property(e => e.SubjectKind).HasColumnName("subject_kind");
        entry.Property(e => e.SubjectId).HasColumnName("subject_id");
        entry.Property(e => e.Details).HasColumnName("details").HasColumnType("jsonb");
    }
}

internal sealed class SigningKeysTable : IEntityTypeConfiguration<SigningKey>
{
    public void Configure(EntityTypeBuilder<SigningKey> key)
    {
        key.ToTable("signing_keys");
        key.HasKey(k => k.Kid).HasName("signing_keys_pkey");
        key.Property(k => k.Kid).HasColumnName("kid");
        key.Property(k => k.Wrapped).HasColumnName("wrapped");
        key.Property(k => k.CreatedAt).HasColumnName("created_at");
        key.Property(k => k.RetiredAt).HasColumnName("retired_at");
    }
}
