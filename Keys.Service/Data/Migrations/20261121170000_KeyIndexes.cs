using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Migrations;

namespace LlmGateway.Keys.Data.Migrations;

/// <summary>
/// Two indexes of a few keys among many: those that are not revoked, in the order of lists, and administrators', which are looked for while other
/// changes wait.
/// </summary>
[DbContext(typeof(KeysDbContext))]
[Migration("20261121170000_KeyIndexes")]
internal sealed class KeyIndexes : Migration
{
    protected override void Up(MigrationBuilder migrationBuilder) => migrationBuilder.Sql(
        """
        CREATE INDEX api_keys_active_idx ON keys.api_keys (id) WHERE revoked_at IS NULL;
        CREATE INDEX api_keys_administrators_idx ON keys.api_keys (account_id) WHERE role = 'administrator';
        """);

    protected override void Down(MigrationBuilder migrationBuilder) => migrationBuilder.Sql(
        "DROP INDEX keys.api_keys_active_idx; DROP INDEX keys.api_keys_administrators_idx;");
}
