using LlmGateway.Routing.Catalog;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace LlmGateway.Routing.Data;

/// <summary>One change that an administrator made of the catalogue.</summary>
internal sealed class CatalogEntryRow
{
    public required StoredKind Kind { get; set; }

    /// <summary>A deployment's id or a model's name.</summary>
    public required string Name { get; set; }

    /// <summary>JSON, with the keys of the catalogue file.</summary>
    public required string Body { get; set; }

    public required DateTimeOffset ChangedAt { get; set; }

    /// <summary>The account, and its key, masked.</summary>
    public required string ChangedBy { get; set; }

    public StoredEntry ToEntry() => new(Kind, Name, Body);
}

/// <summary>How often the catalogue was changed: replicas compare it, and writers take turns by it.</summary>
internal sealed class CatalogVersion
{
    public int Id { get; set; }

    public long Version { get; set; }
}

internal sealed class CatalogEntriesTable : IEntityTypeConfiguration<CatalogEntryRow>
{
    public void Configure(EntityTypeBuilder<CatalogEntryRow> entry)
    {
        entry.ToTable("catalog_entries");
        entry.HasKey(e => new { e.Kind, e.Name }).HasName("catalog_entries_pkey");
        entry.Property(e => e.Kind).HasColumnName("kind").HasMaxLength(16).HasConversion<string>();
        entry.Property(e => e.Name).HasColumnName("name").HasMaxLength(256);
        entry.Property(e => e.Body).HasColumnName("body");
        entry.Property(e => e.ChangedAt).HasColumnName("changed_at");
        entry.Property(e => e.ChangedBy).HasColumnName("changed_by").HasMaxLength(256);
    }
}

internal sealed class CatalogVersionsTable : IEntityTypeConfiguration<CatalogVersion>
{
    public void Configure(EntityTypeBuilder<CatalogVersion> version)
    {
        version.ToTable("catalog_versions");
        version.HasKey(v => v.Id).HasName("catalog_versions_pkey");
        version.Property(v => v.Id).HasColumnName("id").ValueGeneratedNever();
        version.Property(v => v.Version).HasColumnName("version");
    }
}
