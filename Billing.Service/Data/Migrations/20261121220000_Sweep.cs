using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Migrations;

namespace LlmGateway.Billing.Data.Migrations;

/// <summary>The sweep names the holds that it expires, so that it can go on without one that it cannot; and nothing is closed whose account is not locked.</summary>
[DbContext(typeof(BillingDbContext))]
[Migration("20261121220000_Sweep")]
internal sealed class Sweep : Migration
{
    protected override void Up(MigrationBuilder migrationBuilder)
    {
        foreach (var function in LedgerFunctions.Read("SweepFunctions"))
        {
            migrationBuilder.Sql(function);
        }
    }
}
