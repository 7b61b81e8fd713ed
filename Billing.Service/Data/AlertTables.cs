using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace LlmGateway.Billing.Data;

/// <summary>An account's threshold: <see cref="Kind"/> is day, month or total.</summary>
internal sealed class SpendAlert
{
    public required string AccountId { get; init; }
    public required string Kind { get; init; }
    public long Amount { get; init; }
}

/// <summary>What an account's alerts became, and by whom: the amounts go with the kinds.</summary>
internal sealed class AlertSetting
{
    public long Id { get; init; }
    public required string AccountId { get; init; }
    public required string[] Kinds { get; init; }
    public required long[] Amounts { get; init; }

    /// <summary>As in <see cref="Booking.Actor"/>.</summary>
    public required string Actor { get; init; }
    public DateTimeOffset CreatedAt { get; init; }
}

/// <summary>An account with alerts has spent something that counts on this day, and nobody has looked yet.</summary>
internal sealed class SpendNote
{
    public long Id { get; init; }
    public required string AccountId { get; init; }
    public DateOnly Day { get; init; }

    /// <summary>What was spent more, in nano-dollars, or less after a refund.</summary>
    public long Amount { get; init; }
}

/// <summary>An alert that has fired in its window, and how far its delivery is.</summary>
internal sealed class SpendAlertEvent
{
    public long Id { get; init; }
    public required string AccountId { get; init; }
    public required string Kind { get; init; }
    public DateOnly Starts { get; init; }
    public long Amount { get; init; }
    public long Spend { get; init; }
    public DateTimeOffset FiredAt { get; init; }
    public required string State { get; init; }
    public int Attempts { get; init; }
    public DateTimeOffset? NextAt { get; init; }
    public DateTimeOffset? EndedAt { get; init; }
    public string? LastError { get; init; }
}

internal sealed class SpendAlertConfiguration : IEntityTypeConfiguration<SpendAlert>
{
    public void Configure(EntityTypeBuilder<SpendAlert> builder)
    {
        builder.ToTable("alerts", table =>
        {
            table.HasCheckConstraint("CK_alerts_kind", "kind IN ('total', 'day', 'month')");
            table.HasCheckConstraint("CK_alerts_amount", "amount > 0");
        });
        builder.HasKey(alert => new { alert.AccountId, alert.Kind, alert.Amount });
    }
}

internal sealed class AlertSettingConfiguration : IEntityTypeConfiguration<AlertSetting>
{
    public void Configure(EntityTypeBuilder<AlertSetting> builder)
    {
        builder.ToTable("alert_settings");
        builder.Property(setting => setting.Id).UseIdentityAlwaysColumn();
        builder.Property(setting => setting.Actor).HasColumnType("jsonb");
        builder.HasIndex(setting => new { setting.AccountId, setting.Id });
    }
}

internal sealed class SpendNoteConfiguration : IEntityTypeConfiguration<SpendNote>
{
    public void Configure(EntityTypeBuilder<SpendNote> builder)
    {
        builder.ToTable("alert_changes");
        builder.Property(note => note.Id).UseIdentityAlwaysColumn();
        builder.Property(note => note.Amount).HasDefaultValue(0L);
    }
}

internal sealed class SpendAlertEventConfiguration : IEntityTypeConfiguration<SpendAlertEvent>
{
    public void Configure(EntityTypeBuilder<SpendAlertEvent> builder)
    {
        builder.ToTable("alert_events", table =>
        {
            table.HasCheckConstraint("CK_alert_events_state", "state IN ('unsent', 'waiting', 'delivered', 'given_up')");
            table.HasCheckConstraint("CK_alert_events_next_at", "(state = 'waiting') = (next_at IS NOT NULL)");
        });
        builder.Property(alert => alert.Id).UseIdentityAlwaysColumn();
        builder.HasIndex(alert => new { alert.AccountId, alert.Kind, alert.Starts, alert.Amount }).IsUnique();
        builder.HasIndex(alert => new { alert.AccountId, alert.Id });
        builder.HasIndex(alert => alert.NextAt).HasFilter("state = 'waiting'");
    }
}
