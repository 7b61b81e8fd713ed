using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Migrations;

namespace LlmGateway.Billing.Data.Migrations;

/// <summary>How a charged call ended, and what its wasted attempts cost.</summary>
[DbContext(typeof(BillingDbContext))]
[Migration("20261121190000_Waste")]
internal sealed class Waste : Migration
{
    protected override void Up(MigrationBuilder migrationBuilder)
    {
        migrationBuilder.Sql(
            """
            ALTER TABLE billing.charges
                ADD COLUMN ending text NOT NULL DEFAULT 'whole',
                ADD COLUMN free boolean NOT NULL DEFAULT FALSE,
                ADD COLUMN wasted_price bigint NOT NULL DEFAULT 0,
                ADD COLUMN wasted_cost bigint NOT NULL DEFAULT 0,
                ADD CONSTRAINT "CK_charges_ending" CHECK (ending IN ('whole', 'empty', 'broken', 'client_left', 'failed')),
                ADD CONSTRAINT "CK_charges_wasted" CHECK (wasted_price BETWEEN 0 AND cost AND wasted_cost BETWEEN 0 AND provider_cost);
            ALTER TABLE billing.charges
                ALTER COLUMN ending DROP DEFAULT,
                ALTER COLUMN free DROP DEFAULT,
                ALTER COLUMN wasted_price DROP DEFAULT,
                ALTER COLUMN wasted_cost DROP DEFAULT;
            """);
        foreach (var function in LedgerFunctions.Read("WasteFunctions"))
        {
            migrationBuilder.Sql(function);
        }
    }
}
