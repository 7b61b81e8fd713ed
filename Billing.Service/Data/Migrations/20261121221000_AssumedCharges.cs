using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Migrations;

namespace LlmGateway.Billing.Data.Migrations;

/// <summary>Which charges the sweep has made in place of a settlement, so that the settlement or release that comes later can put them right.</summary>
[DbContext(typeof(BillingDbContext))]
[Migration("20261121221000_AssumedCharges")]
internal sealed class AssumedCharges : Migration
{
    protected override void Up(MigrationBuilder migrationBuilder)
    {
        migrationBuilder.Sql(
            """
            CREATE TABLE billing.assumed_charges (
                request_id text NOT NULL,
                account_id text NOT NULL,
                created_at timestamp with time zone NOT NULL,
                corrected_at timestamp with time zone,
                CONSTRAINT "PK_assumed_charges" PRIMARY KEY (request_id));
            """);
        foreach (var function in LedgerFunctions.Read("AssumedChargeFunctions"))
        {
            migrationBuilder.Sql(function);
        }
    }
}
