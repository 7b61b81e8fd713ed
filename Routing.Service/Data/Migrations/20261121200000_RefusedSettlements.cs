using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Migrations;

namespace LlmGateway.Routing.Data.Migrations;

[DbContext(typeof(RoutingDbContext))]
[Migration("20261121200000_RefusedSettlements")]
internal sealed class RefusedSettlements : Migration
{
    protected override void Up(MigrationBuilder migrationBuilder) => migrationBuilder.Sql(
        """
        ALTER TABLE routing.pending_settlements
            ADD attempts integer NOT NULL DEFAULT 0,
            ADD due_at timestamp with time zone NOT NULL DEFAULT now(),
            ADD failure text,
            ADD details json;

        DROP INDEX routing.pending_settlements_created_at_idx;
        CREATE INDEX pending_settlements_waiting_idx ON routing.pending_settlements (attempts, created_at) WHERE refusal IS NULL;
        """);

    protected override void Down(MigrationBuilder migrationBuilder) => migrationBuilder.Sql(
        """
        DROP INDEX routing.pending_settlements_waiting_idx;
        ALTER TABLE routing.pending_settlements DROP attempts, DROP due_at, DROP failure, DROP details;
        CREATE INDEX pending_settlements_created_at_idx ON routing.pending_settlements (created_at) WHERE refusal IS NULL;
        """);
}
