using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Migrations;

namespace LlmGateway.Billing.Data.Migrations;

/// <summary>Holds grow with their prompts too.</summary>
[DbContext(typeof(BillingDbContext))]
[Migration("20261122020000_PromptGrowth")]
internal sealed class PromptGrowth : Migration
{
    protected override void Up(MigrationBuilder migrationBuilder)
    {
        foreach (var function in LedgerFunctions.Read("PromptGrowthFunctions"))
        {
            migrationBuilder.Sql(function);
        }
    }
}
