using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Migrations;

namespace LlmGateway.Billing.Data.Migrations;

/// <summary>What administrators post has a row of its own: who, why, and the key that makes it happen once. A call may be refunded in parts.</summary>
[DbContext(typeof(BillingDbContext))]
[Migration("20261121193000_Bookings")]
internal sealed class Bookings : Migration
{
    protected override void Up(MigrationBuilder migrationBuilder)
    {
        migrationBuilder.Sql(
            """
            CREATE TABLE billing.bookings (
                posting_id bigint NOT NULL,
                request_id text,
                wanted bigint,
                amount bigint NOT NULL,
                idempotency_key text,
                note text,
                actor jsonb NOT NULL,
                CONSTRAINT "PK_bookings" PRIMARY KEY (posting_id),
                CONSTRAINT "CK_bookings_amount" CHECK (amount <> 0));
            CREATE UNIQUE INDEX "IX_bookings_idempotency_key" ON billing.bookings (idempotency_key) WHERE idempotency_key IS NOT NULL;
            CREATE INDEX "IX_bookings_request_id" ON billing.bookings (request_id) WHERE request_id IS NOT NULL;
            DROP INDEX billing."IX_postings_request_id_kind";
            CREATE UNIQUE INDEX "IX_postings_request_id_kind" ON billing.postings (request_id, kind)
                WHERE request_id IS NOT NULL AND kind NOT IN ('adjustment', 'write_off', 'provider_cost', 'refund');
            CREATE TABLE billing.overdraft_changes (
                id bigint GENERATED ALWAYS AS IDENTITY NOT NULL,
                account_id text NOT NULL,
                overdraft bigint NOT NULL,
                note text,
                actor jsonb NOT NULL,
                created_at timestamp with time zone NOT NULL,
                CONSTRAINT "PK_overdraft_changes" PRIMARY KEY (id));
            ALTER TABLE billing.price_versions ADD COLUMN actor jsonb;
            """);
        foreach (var function in LedgerFunctions.Read("BookingFunctions"))
        {
            migrationBuilder.Sql(function);
        }
    }
}
