using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Migrations;

namespace LlmGateway.Routing.Data.Migrations;

[DbContext(typeof(RoutingDbContext))]
[Migration("20261121000000_Initial")]
internal sealed class Initial : Migration
{
    protected override void Up(MigrationBuilder migrationBuilder) => migrationBuilder.Sql(
        """
        CREATE SCHEMA IF NOT EXISTS routing;

        CREATE TABLE routing.pending_settlements (
            request_id character varying(64) NOT NULL,
            request bytea NOT NULL,
            hold bytea NOT NULL,
            created_at timestamp with time zone NOT NULL,
            refusal text,
            CONSTRAINT pending_settlements_pkey PRIMARY KEY (request_id)
        );

        CREATE INDEX pending_settlements_created_at_idx ON routing.pending_settlements (created_at) WHERE refusal IS NULL;
        """);

    protected override void Down(MigrationBuilder migrationBuilder) => migrationBuilder.Sql("DROP TABLE routing.pending_settlements;");
}
