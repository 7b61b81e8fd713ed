using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace LlmGateway.Routing.Data;

/// <summary>A settlement that Billing does not have yet.</summary>
internal sealed class PendingSettlement
{
    public required string RequestId { get; set; }

    /// <summary>A serialised SettleRequest of billing.v1.</summary>
    public required byte[] Request { get; set; }

    /// <summary>A serialised HoldRequest of billing.v1: makes the call's hold again, should Billing have lost it.</summary>
    public required byte[] Hold { get; set; }

    public DateTimeOffset CreatedAt { get; set; }

    /// <summary>Why Billing will never take it. It then stays for the operator to look at, and is not sent.</summary>
    public string? Refusal { get; set; }

    /// <summary>How often Billing failed with it.</summary>
    public int Attempts { get; set; }

    /// <summary>Not sent before.</summary>
    public DateTimeOffset DueAt { get; set; }

    /// <summary>How Billing failed with it, the last time.</summary>
    public string? Failure { get; set; }

    /// <summary>Of a refused one: settlement and hold as JSON, for the operator.</summary>
    public string? Details { get; set; }
}

internal sealed class PendingSettlementsTable : IEntityTypeConfiguration<PendingSettlement>
{
    public void Configure(EntityTypeBuilder<PendingSettlement> settlement)
    {
        settlement.ToTable("pending_settlements");
        settlement.HasKey(s => s.RequestId).HasName("pending_settlements_pkey");
        settlement.Property(s => s.RequestId).HasColumnName("request_id").HasMaxLength(64);
        settlement.Property(s => s.Request).HasColumnName("request");
        settlement.Property(s => s.Hold).HasColumnName("hold");
        settlement.Property(s => s.CreatedAt).HasColumnName("created_at");
        settlement.Property(s => s.Refusal).HasColumnName("refusal");
        settlement.Property(s => s.Attempts).HasColumnName("attempts").HasDefaultValue(0);
        settlement.Property(s => s.DueAt).HasColumnName("due_at").HasDefaultValueSql("now()");
        settlement.Property(s => s.Failure).HasColumnName("failure");
        settlement.Property(s => s.Details).HasColumnName("details").HasColumnType("json");
        settlement.HasIndex(s => new { s.Attempts, s.CreatedAt }).HasFilter("refusal IS NULL").HasDatabaseName("pending_settlements_waiting_idx");
    }
}
