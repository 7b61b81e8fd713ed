using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Migrations;

namespace LlmGateway.Billing.Data.Migrations;

/// <summary>Thresholds of what an account spends, and who was told when they were crossed.</summary>
[DbContext(typeof(BillingDbContext))]
[Migration("20261121190000_Alerts")]
internal sealed class Alerts : Migration
{
    protected override void Up(MigrationBuilder migrationBuilder)
    {
        migrationBuilder.Sql(
            """
            CREATE TABLE billing.alerts (
                account_id text NOT NULL,
                kind text NOT NULL,
                amount bigint NOT NULL,
                CONSTRAINT "PK_alerts" PRIMARY KEY (account_id, kind, amount),
                CONSTRAINT "CK_alerts_kind" CHECK (kind IN ('total', 'day', 'month')),
                CONSTRAINT "CK_alerts_amount" CHECK (amount > 0));

            CREATE TABLE billing.alert_changes (
                id bigint GENERATED ALWAYS AS IDENTITY NOT NULL,
                account_id text NOT NULL,
                day date NOT NULL,
                CONSTRAINT "PK_alert_changes" PRIMARY KEY (id));

            CREATE TABLE billing.alert_events (
                id bigint GENERATED ALWAYS AS IDENTITY NOT NULL,
                account_id text NOT NULL,
                kind text NOT NULL,
                starts date NOT NULL,
                amount bigint NOT NULL,
                spend bigint NOT NULL,
                fired_at timestamp with time zone NOT NULL,
                state text NOT NULL,
                attempts integer NOT NULL,
                next_at timestamp with time zone,
                ended_at timestamp with time zone,
                last_error text,
                CONSTRAINT "PK_alert_events" PRIMARY KEY (id),
                CONSTRAINT "CK_alert_events_state" CHECK (state IN ('unsent', 'waiting', 'delivered', 'given_up')),
                CONSTRAINT "CK_alert_events_next_at" CHECK ((state = 'waiting') = (next_at IS NOT NULL)));
            CREATE UNIQUE INDEX "IX_alert_events_account_id_kind_starts_amount" ON billing.alert_events (account_id, kind, starts, amount);
            CREATE INDEX "IX_alert_events_account_id_id" ON billing.alert_events (account_id, id);
            CREATE INDEX "IX_alert_events_next_at" ON billing.alert_events (next_at) WHERE state = 'waiting';
            """);
        foreach (var function in LedgerFunctions.Read("AlertFunctions"))
        {
            migrationBuilder.Sql(function);
        }
    }
}
