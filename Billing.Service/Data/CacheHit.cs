using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace LlmGateway.Billing.Data;

/// <summary>An answer that the gateway gave again: the other half of a posting of kind cache_hit. It used no tokens.</summary>
internal sealed class CacheHit
{
    public required string RequestId { get; init; }
    public required string AccountId { get; init; }
    public string? KeyId { get; init; }

    /// <summary>This and the next three are those of the call that the answer is from.</summary>
    public required string RequestedModel { get; init; }
    public required string Provider { get; init; }
    public required string Model { get; init; }
    public required string Deployment { get; init; }
    public required string SourceRequestId { get; init; }

    /// <summary>In nano-dollars.</summary>
    public long Cost { get; init; }
    public DateTimeOffset CreatedAt { get; init; }
}

internal sealed class CacheHitConfiguration : IEntityTypeConfiguration<CacheHit>
{
    public void Configure(EntityTypeBuilder<CacheHit> builder)
    {
        builder.ToTable("cache_hits", table => table.HasCheckConstraint("CK_cache_hits_cost", "cost >= 0"));
        builder.HasKey(hit => hit.RequestId);
    }
}
