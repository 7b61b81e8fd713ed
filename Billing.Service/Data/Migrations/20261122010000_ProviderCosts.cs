using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Migrations;

namespace LlmGateway.Billing.Data.Migrations;

/// <summary>What each provider call costs is a posting of its own, and what a call could have done is kept with it.</summary>
[DbContext(typeof(BillingDbContext))]
[Migration("20261122010000_ProviderCosts")]
internal sealed class ProviderCosts : Migration
{
    protected override void Up(MigrationBuilder migrationBuilder)
    {
        migrationBuilder.Sql(
            """
            ALTER TABLE billing.postings
                ADD COLUMN attempt integer,
                ADD COLUMN provider text,
                ADD COLUMN provider_model text,
                ADD COLUMN deployment text,
                ADD COLUMN input_tokens bigint,
                ADD COLUMN cached_input_tokens bigint,
                ADD COLUMN cache_write_tokens bigint,
                ADD COLUMN cache_write_1h_tokens bigint,
                ADD COLUMN output_tokens bigint,
                ADD COLUMN reasoning_tokens bigint,
                ADD CONSTRAINT "CK_postings_attempt" CHECK (attempt IS NULL OR kind = 'provider_cost');
            CREATE UNIQUE INDEX "IX_postings_request_id_attempt" ON billing.postings (request_id, attempt) WHERE attempt IS NOT NULL;
            ALTER TABLE billing.charges ADD COLUMN considered jsonb;
            ALTER TABLE billing.holds ADD COLUMN considered jsonb;
            """);
        foreach (var function in LedgerFunctions.Read("ProviderCostFunctions"))
        {
            migrationBuilder.Sql(function);
        }
    }
}
