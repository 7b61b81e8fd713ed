using LlmGateway.Keys.Accounts;
using LlmGateway.Keys.ApiKeys;
using LlmGateway.Keys.Tariffs;
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
        key.Property(k => k.Name).HasColumnName("name");
        key.Property(k => k.Description).HasColumnName("description").HasDefaultValue("");
        key.Property(k => k.Role).HasColumnName("role").IsEnumName();
        key.Property(k => k.Source).HasColumnName("source").IsEnumName();
        key.Property(k => k.TariffId).HasColumnName("tariff_id").HasMaxLength(64);
        key.ComplexProperty(k => k.Limits, Columns.AreLimits);
        key.Property(k => k.AllowedModels).HasColumnName("allowed_models").HasDefaultValueSql("'{}'::text[]");
        key.Property(k => k.Labels).HasDefaultValueSql("'{}'::jsonb").IsLabels();
        key.Property(k => k.CreatedAt).HasColumnName("created_at");
        key.Property(k => k.LastUsedAt).HasColumnName("last_used_at");
        key.Property(k => k.ExpiresAt).HasColumnName("expires_at");
        key.Property(k => k.RevokedAt).HasColumnName("revoked_at");
        key.HasIndex(k => new { k.AccountId, k.Id }).HasDatabaseName("api_keys_account_id_idx");
        key.HasIndex(k => k.Name).HasDatabaseName("api_keys_name_idx");
        key.HasIndex(k => k.TariffId).HasDatabaseName("api_keys_tariff_id_idx");
        key.HasIndex(k => k.AccountId).IsUnique().HasFilter("source = 'token'").HasDatabaseName("api_keys_token_account_id_key");
        key.HasIndex(k => k.Id, "api_keys_active_idx").HasFilter("revoked_at IS NULL");
        key.HasIndex(k => k.AccountId, "api_keys_administrators_idx").HasFilter("role = 'administrator'");
        key.HasOne<Account>().WithMany().HasForeignKey(k => k.AccountId).HasConstraintName("api_keys_account_id_fkey")
            .OnDelete(DeleteBehavior.Restrict);
        key.HasOne<Tariff>().WithMany().HasForeignKey(k => k.TariffId).HasConstraintName("api_keys_tariff_id_fkey")
            .OnDelete(DeleteBehavior.Restrict);
        key.HasMany(k => k.Secrets).WithOne().HasForeignKey(s => s.KeyId).HasConstraintName("key_secrets_key_id_fkey")
            .OnDelete(DeleteBehavior.Cascade);
    }
}

internal sealed class KeySecretsTable : IEntityTypeConfiguration<ApiKeySecret>
{
    public void Configure(EntityTypeBuilder<ApiKeySecret> secret)
    {
        secret.ToTable("key_secrets");
        secret.HasKey(s => s.Hash).HasName("key_secrets_pkey");
        secret.Property(s => s.Hash).HasColumnName("secret_hash");
        secret.Property(s => s.KeyId).HasColumnName("key_id");
        secret.Property(s => s.Masked).HasColumnName("masked");
        secret.Property(s => s.CreatedAt).HasColumnName("created_at");
        secret.Property(s => s.ExpiresAt).HasColumnName("expires_at");
        secret.HasIndex(s => s.KeyId).HasDatabaseName("key_secrets_key_id_idx");
    }
}
