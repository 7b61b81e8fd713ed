using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace LlmGateway.Billing.Data;

internal sealed class AccountConfiguration : IEntityTypeConfiguration<Account>
{
    public void Configure(EntityTypeBuilder<Account> builder)
    {
        builder.ToTable("accounts", table =>
        {
            table.HasCheckConstraint("CK_accounts_overdraft", "overdraft BETWEEN 0 AND 1000000000000000000");
            table.HasCheckConstraint("CK_accounts_balance", "balance >= -overdraft");
            table.HasCheckConstraint("CK_accounts_highest", "balance <= 8000000000000000000");
            table.HasCheckConstraint("CK_accounts_held", "held >= 0 AND held - overdraft <= balance");
        });
        builder.Property(account => account.Overdraft).HasDefaultValue(0L);
    }
}

internal sealed class PostingConfiguration : IEntityTypeConfiguration<Posting>
{
    public void Configure(EntityTypeBuilder<Posting> builder)
    {
        builder.ToTable("postings", table =>
        {
            table.HasCheckConstraint(
                "CK_postings_kind",
                "kind IN ('grant', 'top_up', 'charge', 'cache_hit', 'provider_cost', 'write_off', 'refund', 'adjustment')");
            table.HasCheckConstraint("CK_postings_attempt", "attempt IS NULL OR kind = 'provider_cost'");
        });
        builder.Property(posting => posting.Id).UseIdentityAlwaysColumn();
        builder.HasIndex(posting => new { posting.RequestId, posting.Kind }).IsUnique()
            .HasFilter("request_id IS NOT NULL AND kind NOT IN ('adjustment', 'write_off', 'provider_cost', 'refund')");
        builder.HasIndex(posting => new { posting.RequestId, posting.Attempt }).IsUnique().HasFilter("attempt IS NOT NULL");
        builder.HasIndex(posting => new { posting.AccountId, posting.Id }).HasFilter("kind <> 'provider_cost'");
    }
}

internal sealed class EntryConfiguration : IEntityTypeConfiguration<Entry>
{
    public void Configure(EntityTypeBuilder<Entry> builder)
    {
        builder.ToTable("entries", table =>
        {
            table.HasCheckConstraint("CK_entries_book", "book IN ('customer', 'revenue', 'provider_cost', 'platform')");
            table.HasCheckConstraint("CK_entries_amount", "amount <> 0");
        });
        builder.HasKey(entry => new { entry.PostingId, entry.Book });
    }
}

internal sealed class HoldConfiguration : IEntityTypeConfiguration<Hold>
{
    public void Configure(EntityTypeBuilder<Hold> builder)
    {
        builder.ToTable("holds", table =>
        {
            table.HasCheckConstraint("CK_holds_amount", "amount >= 0");
            table.HasCheckConstraint("CK_holds_state", "state IN ('open', 'settled', 'released', 'expired')");
            table.HasCheckConstraint("CK_holds_closed_at", "(state = 'open') = (closed_at IS NULL)");
        });
        builder.HasKey(hold => hold.RequestId);
        builder.Property(hold => hold.Candidates).HasColumnType("jsonb");
        builder.Property(hold => hold.Attempts).HasColumnType("jsonb");
        builder.Property(hold => hold.Considered).HasColumnType("jsonb");
        builder.Property(hold => hold.CountedTokens).HasDefaultValue(0L);
        builder.Property(hold => hold.Bounded).HasDefaultValue(true);
        builder.HasIndex(hold => hold.ExpiresAt).HasFilter("state = 'open'");
    }
}

internal sealed class ChargeConfiguration : IEntityTypeConfiguration<Charge>
{
    public void Configure(EntityTypeBuilder<Charge> builder)
    {
        builder.ToTable("charges", table =>
        {
            table.HasCheckConstraint("CK_charges_cost", "cost >= 0 AND provider_cost >= 0 AND written_off >= 0 AND written_off <= cost");
            table.HasCheckConstraint("CK_charges_ending", "ending IN ('whole', 'empty', 'broken', 'client_left', 'failed')");
            table.HasCheckConstraint(
                "CK_charges_wasted", "wasted_price BETWEEN 0 AND cost AND wasted_cost BETWEEN 0 AND provider_cost");
        });
        builder.HasKey(charge => charge.RequestId);
        builder.HasIndex(charge => new { charge.CreatedAt, charge.RequestId });
        builder.Property(charge => charge.Attempts).HasColumnType("jsonb");
        builder.Property(charge => charge.Considered).HasColumnType("jsonb");
    }
}

internal sealed class UsageDayConfiguration : IEntityTypeConfiguration<UsageDay>
{
    public void Configure(EntityTypeBuilder<UsageDay> builder)
    {
        builder.ToTable("usage_days");
        builder.HasKey(day => new { day.AccountId, day.KeyId, day.Day, day.Model, day.Provider });
        builder.HasIndex(day => new { day.Day, day.AccountId });
    }
}

internal sealed class KeyWindowConfiguration : IEntityTypeConfiguration<KeyWindow>
{
    public void Configure(EntityTypeBuilder<KeyWindow> builder)
    {
        builder.ToTable("key_windows", table =>
        {
            table.HasCheckConstraint("CK_key_windows_held", "held_tokens >= 0 AND held_cost >= 0");
            table.HasCheckConstraint("CK_key_windows_kind", "kind IN ('total', 'day', 'month')");
        });
        builder.HasKey(window => new { window.AccountId, window.KeyId, window.Kind, window.Starts });
    }
}

internal sealed class ReratingConfiguration : IEntityTypeConfiguration<Rerating>
{
    public void Configure(EntityTypeBuilder<Rerating> builder)
    {
        builder.ToTable("reratings");
        builder.Property(rerating => rerating.Id).UseIdentityAlwaysColumn();
        builder.HasIndex(rerating => new { rerating.RequestId, rerating.Id });
    }
}

internal sealed class BookingConfiguration : IEntityTypeConfiguration<Booking>
{
    public void Configure(EntityTypeBuilder<Booking> builder)
    {
        builder.ToTable("bookings", table => table.HasCheckConstraint("CK_bookings_amount", "amount <> 0"));
        builder.HasKey(booking => booking.PostingId);
        builder.Property(booking => booking.PostingId).ValueGeneratedNever();
        builder.Property(booking => booking.Actor).HasColumnType("jsonb");
        builder.HasIndex(booking => booking.IdempotencyKey).IsUnique().HasFilter("idempotency_key IS NOT NULL");
        builder.HasIndex(booking => booking.RequestId).HasFilter("request_id IS NOT NULL");
    }
}

internal sealed class OverdraftChangeConfiguration : IEntityTypeConfiguration<OverdraftChange>
{
    public void Configure(EntityTypeBuilder<OverdraftChange> builder)
    {
        builder.ToTable("overdraft_changes");
        builder.Property(change => change.Id).UseIdentityAlwaysColumn();
        builder.Property(change => change.Actor).HasColumnType("jsonb");
    }
}

internal sealed class PriceVersionConfiguration : IEntityTypeConfiguration<PriceVersion>
{
    public void Configure(EntityTypeBuilder<PriceVersion> builder)
    {
        builder.ToTable("price_versions", table =>
        {
            table.HasCheckConstraint(
                "CK_price_versions_prices",
                "least(input, cached_input, cache_write, cache_write_1h, output, reasoning, per_request) >= 0");
            table.HasCheckConstraint("CK_price_versions_source", "source IN ('administrator', 'catalogue', 'file')");
            table.HasCheckConstraint("CK_price_versions_same_as", "(same_as_provider IS NULL) = (same_as_model IS NULL)");
        });
        builder.Property(version => version.Tiers).HasColumnType("jsonb");
        builder.Property(version => version.Actor).HasColumnType("jsonb");
        builder.Property(version => version.Id).UseIdentityAlwaysColumn();
        builder.HasIndex(version => new { version.Provider, version.Model, version.Id });
    }
}
