using LlmGateway.Keys.Accounts;
using LlmGateway.Keys.Tariffs;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace LlmGateway.Keys.Data;

internal sealed class AccountsTable : IEntityTypeConfiguration<Account>
{
    public void Configure(EntityTypeBuilder<Account> account)
    {
        account.ToTable("accounts");
        account.HasKey(a => a.Id).HasName("accounts_pkey");
        account.Property(a => a.Id).HasColumnName("id").HasMaxLength(128);
        account.Property(a => a.Description).HasColumnName("description").HasDefaultValue("");
        account.Property(a => a.TariffId).HasColumnName("tariff_id").HasMaxLength(64);
        account.Property(a => a.Labels).HasDefaultValueSql("'{}'::jsonb").IsLabels();
        account.Property(a => a.CreatedAt).HasColumnName("created_at");
        account.Property(a => a.RevokedAt).HasColumnName("revoked_at");
        account.HasIndex(a => a.TariffId).HasDatabaseName("accounts_tariff_id_idx");
        account.HasOne<Tariff>().WithMany().HasForeignKey(a => a.TariffId).HasConstraintName("accounts_tariff_id_fkey")
            .OnDelete(DeleteBehavior.Restrict);
    }
}
