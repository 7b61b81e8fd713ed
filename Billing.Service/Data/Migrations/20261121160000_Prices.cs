using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Migrations;

namespace LlmGateway.Billing.Data.Migrations;

/// <summary>Prices have a source and more kinds, and may be planned; a call's hold keeps the version of each candidate.</summary>
[DbContext(typeof(BillingDbContext))]
[Migration("20261121160000_Prices")]
internal sealed class Prices : Migration
{
    protected override void Up(MigrationBuilder migrationBuilder)
    {
        // What was written before was announced, at the moment from which it held. Defaults are for those rows only.
        migrationBuilder.Sql(
            """
            ALTER TABLE billing.price_versions DISABLE TRIGGER append_only;
            ALTER TABLE billing.price_versions
                ADD COLUMN source text NOT NULL DEFAULT 'catalogue',
                ADD COLUMN cache_write_1h bigint,
                ADD COLUMN reasoning bigint,
                ADD COLUMN per_request bigint,
                ADD COLUMN tiers jsonb,
                ADD COLUMN same_as_provider text,
                ADD COLUMN same_as_model text,
                ADD COLUMN source_name text,
                ADD COLUMN as_of text,
                ADD COLUMN created_at timestamp with time zone,
                DROP CONSTRAINT "CK_price_versions_prices",
                ADD CONSTRAINT "CK_price_versions_prices" CHECK (
                    least(input, cached_input, cache_write, cache_write_1h, output, reasoning, per_request) >= 0),
                ADD CONSTRAINT "CK_price_versions_source" CHECK (source IN ('administrator', 'catalogue', 'file')),
                ADD CONSTRAINT "CK_price_versions_same_as" CHECK ((same_as_provider IS NULL) = (same_as_model IS NULL));
            UPDATE billing.price_versions SET created_at = effective_from;
            ALTER TABLE billing.price_versions ALTER COLUMN created_at SET NOT NULL, ALTER COLUMN source DROP DEFAULT;
            ALTER TABLE billing.price_versions ENABLE TRIGGER append_only;

            ALTER TABLE billing.charges ADD COLUMN cache_write_1h_tokens bigint NOT NULL DEFAULT 0;
            ALTER TABLE billing.charges ALTER COLUMN cache_write_1h_tokens DROP DEFAULT;
            """);
        foreach (var function in LedgerFunctions.Read("PriceFunctions"))
        {
            migrationBuilder.Sql(function);
        }
    }
}
