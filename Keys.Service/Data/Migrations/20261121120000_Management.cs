using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Migrations;

namespace LlmGateway.Keys.Data.Migrations;

/// <summary>Tariffs, limits, several secrets a key, the log of changes, the audit, signing keys.</summary>
[DbContext(typeof(KeysDbContext))]
[Migration("20261121120000_Management")]
internal sealed class Management : Migration
{
    protected override void Up(MigrationBuilder migrationBuilder) => migrationBuilder.Sql(
        """
        CREATE TABLE keys.tariffs (
            id character varying(64) NOT NULL,
            description text NOT NULL,
            created_at timestamp with time zone NOT NULL,
            CONSTRAINT tariffs_pkey PRIMARY KEY (id)
        );

        CREATE TABLE keys.tariff_versions (
            tariff_id character varying(64) NOT NULL,
            effective_from timestamp with time zone NOT NULL,
            limit_total_tokens bigint,
            limit_daily_tokens bigint,
            limit_monthly_tokens bigint,
            limit_total_nano_usd bigint,
            limit_daily_nano_usd bigint,
            limit_monthly_nano_usd bigint,
            limit_requests_per_minute bigint,
            limit_requests_per_hour bigint,
            limit_tokens_per_minute bigint,
            limit_parallel bigint,
            created_at timestamp with time zone NOT NULL,
            CONSTRAINT tariff_versions_pkey PRIMARY KEY (tariff_id, effective_from),
            CONSTRAINT tariff_versions_tariff_id_fkey FOREIGN KEY (tariff_id) REFERENCES keys.tariffs (id) ON DELETE CASCADE
        );

        ALTER TABLE keys.accounts
            ADD COLUMN description text NOT NULL DEFAULT '',
            ADD COLUMN tariff_id character varying(64),
            ADD COLUMN labels jsonb NOT NULL DEFAULT '{}'::jsonb,
            ADD COLUMN revoked_at timestamp with time zone,
            ADD CONSTRAINT accounts_tariff_id_fkey FOREIGN KEY (tariff_id) REFERENCES keys.tariffs (id) ON DELETE RESTRICT;
        CREATE INDEX accounts_tariff_id_idx ON keys.accounts (tariff_id);

        CREATE TABLE keys.key_secrets (
            secret_hash bytea NOT NULL,
            key_id uuid NOT NULL,
            masked text NOT NULL,
            created_at timestamp with time zone NOT NULL,
            expires_at timestamp with time zone,
            CONSTRAINT key_secrets_pkey PRIMARY KEY (secret_hash),
            CONSTRAINT key_secrets_key_id_fkey FOREIGN KEY (key_id) REFERENCES keys.api_keys (id) ON DELETE CASCADE
        );
        CREATE INDEX key_secrets_key_id_idx ON keys.key_secrets (key_id);
        INSERT INTO keys.key_secrets (secret_hash, key_id, masked, created_at)
            SELECT secret_hash, id, masked, created_at FROM keys.api_keys;

        DROP INDEX keys.api_keys_secret_hash_key;
        DROP INDEX keys.api_keys_account_id_idx;
        ALTER TABLE keys.api_keys
            DROP COLUMN secret_hash,
            DROP COLUMN masked,
            ADD COLUMN description text NOT NULL DEFAULT '',
            ADD COLUMN tariff_id character varying(64),
            ADD COLUMN limit_total_tokens bigint,
            ADD COLUMN limit_daily_tokens bigint,
            ADD COLUMN limit_monthly_tokens bigint,
            ADD COLUMN limit_total_nano_usd bigint,
            ADD COLUMN limit_daily_nano_usd bigint,
            ADD COLUMN limit_monthly_nano_usd bigint,
            ADD COLUMN limit_requests_per_minute bigint,
            ADD COLUMN limit_requests_per_hour bigint,
            ADD COLUMN limit_tokens_per_minute bigint,
            ADD COLUMN limit_parallel bigint,
            ADD COLUMN allowed_models text[] NOT NULL DEFAULT '{}'::text[],
            ADD COLUMN labels jsonb NOT NULL DEFAULT '{}'::jsonb,
            ADD COLUMN last_used_at timestamp with time zone,
            ADD COLUMN expires_at timestamp with time zone,
            ADD CONSTRAINT api_keys_tariff_id_fkey FOREIGN KEY (tariff_id) REFERENCES keys.tariffs (id) ON DELETE RESTRICT;
        CREATE INDEX api_keys_account_id_idx ON keys.api_keys (account_id, id);
        CREATE INDEX api_keys_name_idx ON keys.api_keys (name);
        CREATE INDEX api_keys_tariff_id_idx ON keys.api_keys (tariff_id);
        CREATE UNIQUE INDEX api_keys_token_account_id_key ON keys.api_keys (account_id) WHERE source = 'token';

        CREATE TABLE keys.changes (
            position bigint GENERATED ALWAYS AS IDENTITY,
            thing text NOT NULL,
            subject text NOT NULL,
            changed_at timestamp with time zone NOT NULL DEFAULT (clock_timestamp()),
            CONSTRAINT changes_pkey PRIMARY KEY (position)
        );

        CREATE TABLE keys.audit_entries (
            id bigint GENERATED ALWAYS AS IDENTITY,
            at timestamp with time zone NOT NULL,
            actor_account_id text NOT NULL,
            actor_key_id uuid,
            actor_masked_key text NOT NULL,
            request_id text NOT NULL,
            action text NOT NULL,
            subject_kind text NOT NULL,
            subject_id text NOT NULL,
            details jsonb NOT NULL,
            CONSTRAINT audit_entries_pkey PRIMARY KEY (id)
        );

        CREATE TABLE keys.signing_keys (
            kid text NOT NULL,
            wrapped bytea NOT NULL,
            created_at timestamp with time zone NOT NULL,
            retired_at timestamp with time zone,
            CONSTRAINT signing_keys_pkey PRIMARY KEY (kid)
        );
        """);

    // A key has one hash in the schema before, so a rotated one keeps its newest.
    protected override void Down(MigrationBuilder migrationBuilder) => throw new NotSupportedException("Restore a backup of the database instead.");
}
