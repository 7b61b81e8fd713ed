using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Migrations;

namespace LlmGateway.Billing.Data.Migrations;

/// <summary>Holds and settlements that share a statement are written by one statement a table, not by some for each line.</summary>
[DbContext(typeof(BillingDbContext))]
[Migration("20261121120000_SetBasedWrites")]
internal sealed class SetBasedWrites : Migration
{
    protected override void Up(MigrationBuilder migrationBuilder)
    {
        foreach (var function in LedgerFunctions.Read("SetBasedWrites"))
        {
            migrationBuilder.Sql(function);
        }
    }
}
