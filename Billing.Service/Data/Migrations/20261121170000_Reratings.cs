using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Migrations;

namespace LlmGateway.Billing.Data.Migrations;

/// <summary>Charges may be given another price afterwards, each time by postings of their own.</summary>
[DbContext(typeof(BillingDbContext))]
[Migration("20261121170000_Reratings")]
internal sealed class Reratings : Migration
{
    protected override void Up(MigrationBuilder migrationBuilder)
    {
        migrationBuilder.Sql(
            """
            CREATE TABLE billing.reratings (
                id bigint GENERATED ALWAYS AS IDENTITY NOT NULL,
                request_id text NOT NULL,
                account_id text NOT NULL,
                price_version bigint NOT NULL,
                cost bigint NOT NULL,
                provider_cost bigint NOT NULL,
                written_off bigint NOT NULL,
                amount bigint NOT NULL,
                created_at timestamp with time zone NOT NULL,
                CONSTRAINT "PK_reratings" PRIMARY KEY (id));
            CREATE INDEX "IX_reratings_request_id_id" ON billing.reratings (request_id, id);
            CREATE INDEX "IX_charges_created_at_request_id" ON billing.charges (created_at, request_id);
            DROP INDEX billing."IX_postings_request_id_kind";
            CREATE UNIQUE INDEX "IX_postings_request_id_kind" ON billing.postings (request_id, kind)
                WHERE request_id IS NOT NULL AND kind NOT IN ('adjustment', 'write_off', 'provider_cost');
            """);
        foreach (var function in LedgerFunctions.Read("RerateFunctions"))
        {
            migrationBuilder.Sql(function);
        }
    }
}
