using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Migrations;

namespace LlmGateway.Billing.Data.Migrations;

/// <summary>What accounts with alerts have spent in all is kept, so that a look does not sum up their whole past.</summary>
[DbContext(typeof(BillingDbContext))]
[Migration("20261121222000_AlertTotals")]
internal sealed class AlertTotals : Migration
{
    protected override void Up(MigrationBuilder migrationBuilder)
    {
        migrationBuilder.Sql(
            """
            ALTER TABLE billing.alert_changes ADD COLUMN amount bigint NOT NULL DEFAULT 0;
            CREATE TABLE billing.alert_totals (
                account_id text NOT NULL,
                spend bigint NOT NULL,
                last_note bigint NOT NULL,
                CONSTRAINT "PK_alert_totals" PRIMARY KEY (account_id)) WITH (fillfactor = 50);
            """);
        foreach (var function in LedgerFunctions.Read("AlertTotalFunctions"))
        {
            migrationBuilder.Sql(function);
        }
    }
}
