using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Migrations;

namespace LlmGateway.Keys.Data.Migrations;

[DbContext(typeof(KeysDbContext))]
[Migration("20261121000000_Initial")]
internal sealed class Initial : Migration
{
    protected override void Up(MigrationBuilder migrationBuilder) => migrationBuilder.Sql(
        """
        CREATE SCHEMA IF NOT EXISTS keys;

        CREATE TABLE keys.accounts (
            id character varying(128) NOT NULL,
            created_at timestamp with time zone NOT NULL,
            CONSTRAINT accounts_pkey PRIMARY KEY (id)
        );

        CREATE TABLE keys.api_keys (
            id uuid NOT NULL,
            account_id character varying(128) NOT NULL,
            secret_hash bytea NOT NULL,
            masked text NOT NULL,
            name text NOT NULL,
            role text NOT NULL,
            source text NOT NULL,
            created_at timestamp with time zone NOT NULL,
            revoked_at timestamp with time zone,
            CONSTRAINT api_keys_pkey PRIMARY KEY (id),
            CONSTRAINT api_keys_account_id_fkey FOREIGN KEY (account_id) REFERENCES keys.accounts (id) ON DELETE RESTRICT
        );

        CREATE UNIQUE INDEX api_keys_secret_hash_key ON keys.api_keys (secret_hash);
        CREATE INDEX api_keys_account_id_idx ON keys.api_keys (account_id);
        """);

    protected override void Down(MigrationBuilder migrationBuilder) => migrationBuilder.Sql("DROP TABLE keys.api_keys, keys.accounts;");
}
