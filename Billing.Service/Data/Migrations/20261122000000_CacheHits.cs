using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Migrations;

namespace LlmGateway.Billing.Data.Migrations;

/// <summary>Answers that the gateway gave again: each has a posting of its own kind, and no hold, because no provider was asked.</summary>
[DbContext(typeof(BillingDbContext))]
[Migration("20261122000000_CacheHits")]
internal sealed class CacheHits : Migration
{
    protected override void Up(MigrationBuilder migrationBuilder)
    {
        migrationBuilder.Sql(
            """
            CREATE TABLE billing.cache_hits (
                request_id text NOT NULL,
                account_id text NOT NULL,
                key_id text,
                requested_model text NOT NULL,
                provider text NOT NULL,
                model text NOT NULL,
                deployment text NOT NULL,
                source_request_id text NOT NULL,
                cost bigint NOT NULL,
                created_at timestamp with time zone NOT NULL,
                CONSTRAINT "PK_cache_hits" PRIMARY KEY (request_id),
                CONSTRAINT "CK_cache_hits_cost" CHECK (cost >= 0));
            """);
        foreach (var function in LedgerFunctions.Read("CacheHitFunctions"))
        {
            migrationBuilder.Sql(function);
        }
    }
}
