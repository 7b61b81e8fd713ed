using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Migrations;

namespace LlmGateway.Billing.Data.Migrations;

/// <summary>What keys use by day, the windows of their limits, and accounts that may be overdrawn.</summary>
[DbContext(typeof(BillingDbContext))]
[Migration("20261121180000_Quotas")]
internal sealed class Quotas : Migration
{
    protected override void Up(MigrationBuilder migrationBuilder)
    {
        migrationBuilder.Sql(Tables);
        foreach (var function in LedgerFunctions.Read("QuotaFunctions"))
        {
            migrationBuilder.Sql(function);
        }

        migrationBuilder.Sql(Backfill);
    }

    // Rows that calls change again and again: room on the page keeps the new versions there, and every index untouched.
    private const string Tables =
        """
        CREATE TABLE billing.usage_days (
            account_id text NOT NULL,
            key_id text NOT NULL,
            day date NOT NULL,
            model text NOT NULL,
            provider text NOT NULL,
            requests bigint NOT NULL,
            input_tokens bigint NOT NULL,
            cached_input_tokens bigint NOT NULL,
            cache_write_tokens bigint NOT NULL,
            output_tokens bigint NOT NULL,
            reasoning_tokens bigint NOT NULL,
            cost bigint NOT NULL,
            written_off bigint NOT NULL,
            provider_cost bigint NOT NULL,
            CONSTRAINT "PK_usage_days" PRIMARY KEY (account_id, key_id, day, model, provider)) WITH (fillfactor = 50);
        CREATE INDEX "IX_usage_days_day_account_id" ON billing.usage_days (day, account_id);

        CREATE TABLE billing.key_windows (
            account_id text NOT NULL,
            key_id text NOT NULL,
            kind text NOT NULL,
            starts date NOT NULL,
            used_tokens bigint NOT NULL,
            used_cost bigint NOT NULL,
            held_tokens bigint NOT NULL,
            held_cost bigint NOT NULL,
            CONSTRAINT "PK_key_windows" PRIMARY KEY (account_id, key_id, kind, starts),
            CONSTRAINT "CK_key_windows_held" CHECK (held_tokens >= 0 AND held_cost >= 0),
            CONSTRAINT "CK_key_windows_kind" CHECK (kind IN ('total', 'day', 'month'))) WITH (fillfactor = 50);

        ALTER TABLE billing.holds
            ADD COLUMN limits bigint[],
            ADD COLUMN counted_tokens bigint NOT NULL DEFAULT 0,
            ADD COLUMN bounded boolean NOT NULL DEFAULT TRUE;

        ALTER TABLE billing.accounts
            ADD COLUMN overdraft bigint NOT NULL DEFAULT 0,
            DROP CONSTRAINT "CK_accounts_balance",
            DROP CONSTRAINT "CK_accounts_held",
            ADD CONSTRAINT "CK_accounts_overdraft" CHECK (overdraft BETWEEN 0 AND 1000000000000000000),
            ADD CONSTRAINT "CK_accounts_balance" CHECK (balance >= -overdraft),
            ADD CONSTRAINT "CK_accounts_held" CHECK (held >= 0 AND held - overdraft <= balance);
        ALTER TABLE billing.postings DROP CONSTRAINT "CK_postings_balance_after";
        """;

    private const string Backfill =
        """
        INSERT INTO billing.usage_days
        SELECT c.account_id, coalesce(c.key_id, ''), (h.created_at AT TIME ZONE 'utc')::date, c.requested_model, c.provider, count(*),
            sum(c.input_tokens), sum(c.cached_input_tokens), sum(c.cache_write_tokens + c.cache_write_1h_tokens), sum(c.output_tokens),
            sum(c.reasoning_tokens), sum(coalesce(r.cost, c.cost)), sum(coalesce(r.written_off, c.written_off)),
            sum(coalesce(r.provider_cost, c.provider_cost))
        FROM billing.charges c
        JOIN billing.holds h ON h.request_id = c.request_id
        LEFT JOIN LATERAL (
            SELECT x.* FROM billing.reratings x WHERE x.request_id = c.request_id ORDER BY x.id DESC LIMIT 1) r ON true
        GROUP BY 1, 2, 3, 4, 5;
        """;
}
