using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Migrations;

namespace LlmGateway.Billing.Data.Migrations;

/// <summary>A balance has a bound below the end of the numbers, whatever raises it: with the largest overdraft it still is one.</summary>
[DbContext(typeof(BillingDbContext))]
[Migration("20261121210000_HighestBalance")]
internal sealed class HighestBalance : Migration
{
    protected override void Up(MigrationBuilder migrationBuilder)
    {
        migrationBuilder.Sql("""ALTER TABLE billing.accounts ADD CONSTRAINT "CK_accounts_highest" CHECK (balance <= 8000000000000000000);""");
        foreach (var function in LedgerFunctions.Read("HighestBalanceFunctions"))
        {
            migrationBuilder.Sql(function);
        }
    }
}
