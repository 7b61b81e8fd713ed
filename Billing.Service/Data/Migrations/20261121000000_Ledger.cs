using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Migrations;
using Microsoft.EntityFrameworkCore.Migrations.Operations;
using Microsoft.EntityFrameworkCore.Migrations.Operations.Builders;
using Npgsql.EntityFrameworkCore.PostgreSQL.Metadata;

namespace LlmGateway.Billing.Data.Migrations;

[DbContext(typeof(BillingDbContext))]
[Migration("20261121000000_Ledger")]
internal sealed class Ledger : Migration
{
    private const string Schema = BillingDbContext.Schema;

    protected override void Up(MigrationBuilder migrationBuilder)
    {
        migrationBuilder.EnsureSchema(Schema);
        CreateAccounts(migrationBuilder);
        CreatePostings(migrationBuilder);
        CreateEntries(migrationBuilder);
        CreateHolds(migrationBuilder);
        CreateCharges(migrationBuilder);
        CreatePriceVersions(migrationBuilder);
        foreach (var function in LedgerFunctions.Read("LedgerFunctions"))
        {
            migrationBuilder.Sql(function);
        }
    }

    private static void CreateAccounts(MigrationBuilder migrationBuilder)
    {
        migrationBuilder.CreateTable(
            "accounts",
            table => new
            {
                id = table.Column<string>("text"),
                balance = table.Column<long>("bigint"),
                held = table.Column<long>("bigint"),
                opened_at = table.Column<DateTimeOffset>("timestamp with time zone"),
            },
            Schema,
            table =>
            {
                table.PrimaryKey("PK_accounts", row => row.id);
                table.CheckConstraint("CK_accounts_balance", "balance >= 0");
                table.CheckConstraint("CK_accounts_held", "held >= 0 AND held <= balance");
            });

        // Each call changes its account's row twice. Room on the page keeps the new versions there, and every index untouched.
        migrationBuilder.Sql("ALTER TABLE billing.accounts SET (fillfactor = 50)");
    }

    private static void CreatePostings(MigrationBuilder migrationBuilder)
    {
        migrationBuilder.CreateTable(
            "postings",
            table => new
            {
                id = Identity(table),
                kind = table.Column<string>("text"),
                account_id = table.Column<string>("text"),
                request_id = table.Column<string>("text", nullable: true),
                model = table.Column<string>("text", nullable: true),
                price_version = table.Column<long>("bigint", nullable: true),
                balance_after = table.Column<long>("bigint"),
                created_at = table.Column<DateTimeOffset>("timestamp with time zone"),
            },
            Schema,
            table =>
            {
                table.PrimaryKey("PK_postings", row => row.id);
                table.CheckConstraint(
                    "CK_postings_kind",
                    "kind IN ('grant', 'top_up', 'charge', 'cache_hit', 'provider_cost', 'write_off', 'refund', 'adjustment')");
                table.CheckConstraint("CK_postings_balance_after", "balance_after >= 0");
            });
        migrationBuilder.CreateIndex(
            "IX_postings_request_id_kind", "postings", ["request_id", "kind"], Schema, unique: true, filter: "request_id IS NOT NULL");
        migrationBuilder.CreateIndex(
            "IX_postings_account_id_id", "postings", ["account_id", "id"], Schema, filter: "kind <> 'provider_cost'");
    }

    private static void CreateEntries(MigrationBuilder migrationBuilder) => migrationBuilder.CreateTable(
        "entries",
        table => new
        {
            posting_id = table.Column<long>("bigint"),
            book = table.Column<string>("text"),
            account_id = table.Column<string>("text"),
            amount = table.Column<long>("bigint"),
        },
        Schema,
        table =>
        {
            table.PrimaryKey("PK_entries", row => new { row.posting_id, row.book });
            table.CheckConstraint("CK_entries_book", "book IN ('customer', 'revenue', 'provider_cost', 'platform')");
            table.CheckConstraint("CK_entries_amount", "amount <> 0");
        });

    private static void CreateHolds(MigrationBuilder migrationBuilder)
    {
        migrationBuilder.CreateTable(
            "holds",
            table => new
            {
                request_id = table.Column<string>("text"),
                account_id = table.Column<string>("text"),
                key_id = table.Column<string>("text", nullable: true),
                amount = table.Column<long>("bigint"),
                prompt_tokens = table.Column<long>("bigint"),
                output_tokens = table.Column<long>("bigint"),
                price_book = table.Column<long>("bigint"),
                candidates = table.Column<string>("jsonb"),
                markup_basis_points = table.Column<int>("integer"),
                state = table.Column<string>("text"),
                created_at = table.Column<DateTimeOffset>("timestamp with time zone"),
                expires_at = table.Column<DateTimeOffset>("timestamp with time zone"),
                closed_at = table.Column<DateTimeOffset>("timestamp with time zone", nullable: true),
                attempts = table.Column<string>("jsonb", nullable: true),
            },
            Schema,
            table =>
            {
                table.PrimaryKey("PK_holds", row => row.request_id);
                table.CheckConstraint("CK_holds_amount", "amount >= 0");
                table.CheckConstraint("CK_holds_state", "state IN ('open', 'settled', 'released', 'expired')");
                table.CheckConstraint("CK_holds_closed_at", "(state = 'open') = (closed_at IS NULL)");
            });
        migrationBuilder.CreateIndex("IX_holds_expires_at", "holds", "expires_at", Schema, filter: "state = 'open'");
    }

    private static void CreateCharges(MigrationBuilder migrationBuilder) => migrationBuilder.CreateTable(
        "charges",
        table => new
        {
            request_id = table.Column<string>("text"),
            account_id = table.Column<string>("text"),
            key_id = table.Column<string>("text", nullable: true),
            requested_model = table.Column<string>("text"),
            provider = table.Column<string>("text"),
            model = table.Column<string>("text"),
            deployment = table.Column<string>("text"),
            input_tokens = table.Column<long>("bigint"),
            cached_input_tokens = table.Column<long>("bigint"),
            cache_write_tokens = table.Column<long>("bigint"),
            output_tokens = table.Column<long>("bigint"),
            reasoning_tokens = table.Column<long>("bigint"),
            estimated = table.Column<bool>("boolean"),
            cost = table.Column<long>("bigint"),
            written_off = table.Column<long>("bigint"),
            provider_cost = table.Column<long>("bigint"),
            markup_basis_points = table.Column<int>("integer"),
            price_version = table.Column<long>("bigint"),
            balance_after = table.Column<long>("bigint"),
            started_at = table.Column<DateTimeOffset>("timestamp with time zone"),
            time_to_first_token_ms = table.Column<int>("integer"),
            total_ms = table.Column<int>("integer"),
            attempts = table.Column<string>("jsonb"),
            created_at = table.Column<DateTimeOffset>("timestamp with time zone"),
        },
        Schema,
        table =>
        {
            table.PrimaryKey("PK_charges", row => row.request_id);
            table.CheckConstraint(
                "CK_charges_cost", "cost >= 0 AND provider_cost >= 0 AND written_off >= 0 AND written_off <= cost");
        });

    private static void CreatePriceVersions(MigrationBuilder migrationBuilder)
    {
        migrationBuilder.CreateTable(
            "price_versions",
            table => new
            {
                id = Identity(table),
                provider = table.Column<string>("text"),
                model = table.Column<string>("text"),
                input = table.Column<long>("bigint", nullable: true),
                cached_input = table.Column<long>("bigint", nullable: true),
                cache_write = table.Column<long>("bigint", nullable: true),
                output = table.Column<long>("bigint", nullable: true),
                effective_from = table.Column<DateTimeOffset>("timestamp with time zone"),
                content_hash = table.Column<string>("text"),
            },
            Schema,
            table =>
            {
                table.PrimaryKey("PK_price_versions", row => row.id);
                table.CheckConstraint("CK_price_versions_prices", "least(input, cached_input, cache_write, output) >= 0");
            });
        migrationBuilder.CreateIndex(
            "IX_price_versions_provider_model_id", "price_versions", ["provider", "model", "id"], Schema);
    }

    private static OperationBuilder<AddColumnOperation> Identity(ColumnsBuilder table) => table.Column<long>("bigint")
        .Annotation("Npgsql:ValueGenerationStrategy", NpgsqlValueGenerationStrategy.IdentityAlwaysColumn);
}
