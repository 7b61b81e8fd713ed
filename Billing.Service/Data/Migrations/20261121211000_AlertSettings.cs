using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Migrations;

namespace LlmGateway.Billing.Data.Migrations;

/// <summary>Who set an account's alerts is kept, and to what.</summary>
[DbContext(typeof(BillingDbContext))]
[Migration("20261121211000_AlertSettings")]
internal sealed class AlertSettings : Migration
{
    protected override void Up(MigrationBuilder migrationBuilder)
    {
        migrationBuilder.Sql(
            """
            CREATE TABLE billing.alert_settings (
                id bigint GENERATED ALWAYS AS IDENTITY NOT NULL,
                account_id text NOT NULL,
                kinds text[] NOT NULL,
                amounts bigint[] NOT NULL,
                actor jsonb NOT NULL,
                created_at timestamp with time zone NOT NULL,
                CONSTRAINT "PK_alert_settings" PRIMARY KEY (id));
            CREATE INDEX "IX_alert_settings_account_id_id" ON billing.alert_settings (account_id, id);
            """);
        foreach (var function in LedgerFunctions.Read("AlertSettingFunctions"))
        {
            migrationBuilder.Sql(function);
        }
    }
}
