using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace LlmGateway.Billing.Data;

/// <summary>What an account that has alerts has spent in all, as far as it was looked at: notes up to the last one are in it.</summary>
internal sealed class SpendTotal
{
    public required string AccountId { get; init; }
    public long Spend { get; init; }

    /// <summary>The last note that was in the sum when it was made; later ones are added when they are looked at.</summary>
    public long LastNote { get; init; }
}

internal sealed class SpendTotalConfiguration : IEntityTypeConfiguration<SpendTotal>
{
    public void Configure(EntityTypeBuilder<SpendTotal> builder)
    {
        builder.ToTable("alert_totals");
        builder.HasKey(total => total.AccountId);
    }
}
