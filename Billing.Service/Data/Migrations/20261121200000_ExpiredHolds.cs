using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Migrations;

namespace LlmGateway.Billing.Data.Migrations;

/// <summary>The sweep learns which holds expired, so that it can charge them; and a budget that was exceeded does not refuse what is free.</summary>
[DbContext(typeof(BillingDbContext))]
[Migration("20261121200000_ExpiredHolds")]
internal sealed class ExpiredHolds : Migration
{
    protected override void Up(MigrationBuilder migrationBuilder)
    {
        foreach (var function in LedgerFunctions.Read("ExpiryFunctions"))
        {
            migrationBuilder.Sql(function);
        }
    }
}
