using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Migrations;

namespace LlmGateway.ServiceDefaults.Tests.Migrations;

public sealed class NumbersDb(DbContextOptions<NumbersDb> options) : DbContext(options);

/// <summary>Slow enough for two hosts to meet in it, and an error when it runs twice.</summary>
[DbContext(typeof(NumbersDb))]
[Migration("20260101000000_Numbers")]
public sealed class Numbers : Migration
{
    protected override void Up(MigrationBuilder migrationBuilder) =>
        migrationBuilder.Sql("CREATE TABLE numbers (id integer PRIMARY KEY); SELECT pg_sleep(0.3); INSERT INTO numbers VALUES (1);");
}

public sealed class BrokenDb(DbContextOptions<BrokenDb> options) : DbContext(options);

[DbContext(typeof(BrokenDb))]
[Migration("20260101000000_Broken")]
public sealed class Broken : Migration
{
    protected override void Up(MigrationBuilder migrationBuilder) => migrationBuilder.Sql("CREATE TABEL typo ();");
}
