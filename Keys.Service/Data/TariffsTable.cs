using LlmGateway.Keys.Tariffs;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace LlmGateway.Keys.Data;

internal sealed class TariffsTable : IEntityTypeConfiguration<Tariff>
{
    public void Configure(EntityTypeBuilder<Tariff> tariff)
    {
        tariff.ToTable("tariffs");
        tariff.HasKey(t => t.Id).HasName("tariffs_pkey");
        tariff.Property(t => t.Id).HasColumnName("id").HasMaxLength(64);
        tariff.Property(t => t.Description).HasColumnName("description");
        tariff.Property(t => t.CreatedAt).HasColumnName("created_at");
        tariff.HasMany(t => t.Versions).WithOne().HasForeignKey(v => v.TariffId).HasConstraintName("tariff_versions_tariff_id_fkey")
            .OnDelete(DeleteBehavior.Cascade);
    }
}

internal sealed class TariffVersionsTable : IEntityTypeConfiguration<TariffVersion>
{
    public void Configure(EntityTypeBuilder<TariffVersion> version)
    {
        version.ToTable("tariff_versions");
        version.HasKey(v => new { v.TariffId, v.EffectiveFrom }).HasName("tariff_versions_pkey");
        version.Property(v => v.TariffId).HasColumnName("tariff_id").HasMaxLength(64);
        version.Property(v => v.EffectiveFrom).HasColumnName("effective_from");
        version.ComplexProperty(v => v.Limits, Columns.AreLimits);
        version.Property(v => v.CreatedAt).HasColumnName("created_at");
    }
}
