using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace LlmGateway.Billing.Data;

/// <summary>A call was charged for all that was held, because nobody said in time what it used; until its word came, if it came.</summary>
internal sealed class AssumedCharge
{
    public required string RequestId { get; init; }
    public required string AccountId { get; init; }
    public DateTimeOffset CreatedAt { get; init; }
    public DateTimeOffset? CorrectedAt { get; init; }
}

internal sealed class AssumedChargeConfiguration : IEntityTypeConfiguration<AssumedCharge>
{
    public void Configure(EntityTypeBuilder<AssumedCharge> builder)
    {
        builder.ToTable("assumed_charges");
        builder.HasKey(charge => charge.RequestId);
    }
}
