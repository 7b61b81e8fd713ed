using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Migrations;

namespace LlmGateway.Routing.Data.Migrations;

[DbContext(typeof(RoutingDbContext))]
[Migration("20261121220000_CatalogChanges")]
internal sealed class CatalogChanges : Migration
{
    protected override void Up(MigrationBuilder migrationBuilder) => migrationBuilder.Sql(
        """
        CREATE TABLE routing.catalog_entries (
            kind character varying(16) NOT NULL,
            name character varying(256) NOT NULL,
            body text NOT NULL,
            changed_at timestamp with time zone NOT NULL,
            changed_by character varying(256) NOT NULL,
            CONSTRAINT catalog_entries_pkey PRIMARY KEY (kind, name)
        );

        CREATE TABLE routing.catalog_versions (
            id integer NOT NULL,
            version bigint NOT NULL,
            CONSTRAINT catalog_versions_pkey PRIMARY KEY (id)
        );

        INSERT INTO routing.catalog_versions (id, version) VALUES (1, 0);
        """);

    protected override void Down(MigrationBuilder migrationBuilder) =>
        migrationBuilder.Sql("DROP TABLE routing.catalog_entries, routing.catalog_versions;");
}
