using LlmGateway.Keys.Accounts;
using LlmGateway.Keys.ApiKeys;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace LlmGateway.Keys.Data;

internal sealed class ApiKeysTable : IEntityTypeConfiguration<ApiKey>
{
    public void Configure(EntityTypeBuilder<ApiKey> key)
    {
        key.ToTable("api_keys");
        key.HasKey(k => k.Id).HasName("api_keys_pkey");
        key.Property(k => k.Id).HasColumnName("id");
        key.Property(k => k.AccountId).HasColumnName("account_id").HasMaxLength(128);
        key.Property(k => k.SecretHash).HasColumnName("secret_hash");
        key.Property(k => k.Masked).HasColumnName("masked");
        key.Property(k => k.Name).HasColumnName("name");
        key.Property(k => k.Role).HasColumnName("role")
            .HasConversion(role => Name(role), text => Enum.Parse<KeyRole>(text, ignoreCase: true));
        key.Property(k => k.Source).HasColumnName("source")
            .HasConversion(source => Name(source), text => Enum.Parse<KeySource>(text, ignoreCase: true));
        key.Property(k => k.CreatedAt).HasColumnName("created_at");
        key.Property(k => k.RevokedAt).HasColumnName("revoked_at");
        key.HasIndex(k => k.SecretHash).IsUnique().HasDatabaseName("api_keys_secret_hash_key");
        key.HasIndex(k => k.AccountId).HasDatabaseName("api_keys_account_id_idx");
        key.HasOne<Account>().WithMany().HasForeignKey(k => k.AccountId).HasConstraintName("api_keys_account_id_fkey")
            .OnDelete(DeleteBehavior.Restrict);
    }

    private static string Name<TEnum>(TEnum value)
        where TEnum : struct, Enum => value.ToString().ToLowerInvariant();
}
