using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata;

namespace LlmGateway.Billing.Data;

/// <summary>
/// The schema <c>billing</c>, for migrations and plain reads; money moves through <c>Ledger/</c> only. To change a table: change its
/// row and configuration here, and add a migration by hand to Migrations/ (name = UTC time + what it does). A test compares the two.
/// </summary>
internal sealed class BillingDbContext(DbContextOptions<BillingDbContext> options) : DbContext(options)
{
    public const string Schema = "billing";

    public DbSet<Account> Accounts => Set<Account>();
    public DbSet<Posting> Postings => Set<Posting>();
    public DbSet<Entry> Entries => Set<Entry>();
    public DbSet<Hold> Holds => Set<Hold>();
    public DbSet<Charge> Charges => Set<Charge>();
    public DbSet<UsageDay> UsageDays => Set<UsageDay>();
    public DbSet<KeyWindow> KeyWindows => Set<KeyWindow>();
    public DbSet<Rerating> Reratings => Set<Rerating>();
    public DbSet<AssumedCharge> AssumedCharges => Set<AssumedCharge>();
    public DbSet<Booking> Bookings => Set<Booking>();
    public DbSet<CacheHit> CacheHits => Set<CacheHit>();
    public DbSet<OverdraftChange> OverdraftChanges => Set<OverdraftChange>();
    public DbSet<PriceVersion> PriceVersions => Set<PriceVersion>();

    protected override void OnModelCreating(ModelBuilder modelBuilder)
    {
        modelBuilder.HasDefaultSchema(Schema);
        modelBuilder.ApplyConfigurationsFromAssembly(typeof(BillingDbContext).Assembly);
        foreach (var property in modelBuilder.Model.GetEntityTypes().SelectMany(type => type.GetProperties()))
        {
            property.SetColumnName(SnakeCase(property.Name));
        }
    }

    private static string SnakeCase(string name) => string.Concat(name.Select((letter, index) =>
        char.IsUpper(letter) || char.IsDigit(letter) ? (index == 0 ? "" : "_") + char.ToLowerInvariant(letter) : letter.ToString()));
}
