using LlmGateway.Keys.Accounts;
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
        account.Property(a => a.CreatedAt).HasColumnName("created_at");
    }
}
