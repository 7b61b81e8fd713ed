using System.Text;
using Grpc.Core;
using LlmGateway.Keys.Backup;
using LlmGateway.Keys.Limits;
using LlmGateway.Protos.Keys.V1;
using LlmGateway.Testing;
using Microsoft.EntityFrameworkCore;

namespace LlmGateway.Keys.Tests.Backup;

public sealed class RestoreTests(PostgresFixture postgres) : IClassFixture<PostgresFixture>
{
    [Fact]
    public async Task A_restored_key_works_and_an_export_has_no_secret()
    {
        await using var source = await StartAsync();
        var issued = (await source.Host.Admin.IssueKeyAsync(new() { Actor = BackupDatabase.By, Name = "app", AccountId = "shop" })).Key;
        var document = await source.ExportAsync();
        await using var target = await StartAsync();

        (await target.Host.VerifyAsync(issued.Secret)).Key.ShouldBeNull();
        var reply = await target.RestoreAsync(document, overwrite: true);

        reply.Rejection.ShouldBeNull();
        (await target.Host.VerifyAsync(issued.Secret)).Key.AccountId.ShouldBe("shop");
        Encoding.UTF8.GetString(document).ShouldNotContain(issued.Secret);
        Encoding.UTF8.GetString(document).ShouldNotContain(BackupDatabase.AdministratorSecret);
    }

    [Fact]
    public async Task A_restore_and_an_export_are_in_the_audit_and_a_restore_is_told_to_the_gateways_as_everything()
    {
        await using var database = await StartAsync();
        var document = BackupDatabase.Read(await database.ExportAsync());
        (await database.RestoreAsync(BackupDatabase.Sealed(document with { Accounts = [.. document.Accounts, Account("new")] }))).Rejection.ShouldBeNull();

        await using var db = database.Open();
        var entries = await db.AuditEntries.Where(entry => entry.SubjectKind == "backup").OrderBy(entry => entry.Id).ToListAsync();
        entries.Select(entry => entry.Action).ShouldBe(["backup.exported", "backup.restored"]);
        entries[1].Details.ShouldContain("\"added\": 1");
        var entry = await db.AuditEntries.OrderBy(entry => entry.Id).LastAsync();
        (entry.Action, entry.SubjectKind, entry.SubjectId, entry.RequestId).ShouldBe(("account.restored", "account", "new", "req_1"));
        (await db.Changes.OrderBy(change => change.Position).LastAsync()).Thing.ShouldBe(Keys.Changes.ChangedThing.Everything);
    }

    public static TheoryData<string, string, string> Wrong() => new()
    {
        { "\"format\":\"llmgateway-keys\"", "\"format\":\"other\"", "format" },
        { "\"version\":1", "\"version\":2", "version" },
        { "\"version\":1", "\"version\":1,\"version\":1", "version" },
        { "\"version\":1", "\"version\":1,\"sk-secret-of-somebody\":1", "" },
        { "\"version\":1,", "", "" },
        { "\"role\":\"administrator\"", "\"role\":\"internal\"", "checksum" },
        { "\"role\":\"administrator\"", "\"role\":\"administrator\",\"role\":\"administrator\"", "keys[0]" },
        { "\"role\":\"administrator\"", "\"role\":\"administrator\",\"extra\":null", "keys[0]" },
        { "\"role\":\"administrator\"", "\"role\":null", "keys[0]" },
        { "\"description\":\"\"", "\"description\":7", "accounts[0].description" },
        { "sha256:", "sha256:0", "checksum" },
        { "\"tariffs\":[]", "\"tariffs\":[null]", "tariffs[0]" },
        { "\"accounts\":[", "\"accounts\":[null,", "accounts[0]" },
        { "\"secrets\":[", "\"secrets\":[null,", "keys[0].secrets[0]" },
    };

    [Theory]
    [MemberData(nameof(Wrong))]
    public async Task A_document_that_was_edited_is_refused_by_the_field_and_nothing_is_written(string part, string other, string field)
    {
        await using var database = await StartAsync();
        var text = Encoding.UTF8.GetString(await database.ExportAsync());
        text.ShouldContain(part);
        var at = text.IndexOf(part, StringComparison.Ordinal);
        var before = await database.RowsAsync();

        var reply = await database.RestoreAsync(Encoding.UTF8.GetBytes(text[..at] + other + text[(at + part.Length)..]), overwrite: true);

        reply.Rejection.ShouldNotBeNull().Kind.ShouldBe(RejectionKind.Invalid);
        reply.Rejection.Field.ShouldStartWith(field);
        reply.Rejection.Message.ShouldNotContain("sk-secret");
        (await database.RowsAsync()).ShouldBe(before);
    }

    [Fact]
    public async Task Fields_are_bounded_even_when_the_checksum_fits()
    {
        await using var database = await StartAsync();
        var document = BackupDatabase.Read(await database.ExportAsync());
        var (account, key) = (document.Accounts[0], document.Keys[0]);

        await RefusedAsync(document with { Accounts = [account with { Id = "no spaces" }] }, "accounts[0].id");
        await RefusedAsync(document with { Accounts = [account, account] }, "accounts[1].id");
        await RefusedAsync(document with { Accounts = [account with { Id = "admin", RevokedAt = account.CreatedAt }] }, "accounts[0].revoked_at");
        await RefusedAsync(document with { Accounts = [account with { Tariff = "none" }] }, "accounts[0].tariff");
        await RefusedAsync(document with { Accounts = [account with { Labels = new() { ["a"] = null! } }] }, "accounts[0].labels");
        await RefusedAsync(document with { Tariffs = [new("t", "", account.CreatedAt, [])] }, "tariffs[0].versions");
        await RefusedAsync(document with { Tariffs = [new("t", "", account.CreatedAt, [Version(2), Version(1)])] }, "tariffs[0].versions[1].effective_from");
        await RefusedAsync(document with { Keys = [key with { Role = "root" }] }, "keys[0].role");
        await RefusedAsync(document with { Keys = [key with { Role = "internal", Source = "issued" }] }, "keys[0].role");
        await RefusedAsync(document with { Keys = [key with { Role = "internal", Source = "token" }] }, "keys[0].role");
        await RefusedAsync(document with { Keys = [key with { Role = "operator", Source = "token" }] }, "keys[0].role");
        await RefusedAsync(document with { Keys = [key with { Name = "" }] }, "keys[0].name");
        await RefusedAsync(document with { Keys = [key with { Account = "none" }] }, "keys[0].account");
        await RefusedAsync(document with { Keys = [key with { Limits = new() { Parallel = -1 } }] }, "keys[0].limits.parallel");
        await RefusedAsync(document with { Keys = [key with { AllowedModels = [null!] }] }, "keys[0].allowed_models");
        await RefusedAsync(document with { Keys = [key with { CreatedAt = key.CreatedAt.AddTicks(1) }] }, "keys[0].created_at");
        await RefusedAsync(document with { Keys = [key with { Secrets = [] }] }, "keys[0].secrets");
        await RefusedAsync(document with { Keys = [key, key with { Id = Guid.NewGuid() }] }, "keys[1].secrets[0].hash");
        await RefusedAsync(document with { Keys = [key with { Secrets = [key.Secrets[0] with { Masked = "sk-a-whole-secret" }] }] }, "keys[0].secrets[0].masked");

        TariffVersionRow Version(int day) => new(account.CreatedAt.AddDays(day), KeyLimits.None, account.CreatedAt);

        async Task RefusedAsync(BackupDocument wrong, string field) =>
            (await database.RestoreAsync(BackupDatabase.Sealed(wrong), overwrite: true)).Rejection.ShouldNotBeNull(field).Field.ShouldBe(field);
    }

    [Fact]
    public async Task What_would_be_overwritten_is_listed_and_only_overwritten_when_that_is_said()
    {
        await using var database = await StartAsync();
        await database.Host.Admin.CreateTariffAsync(new() { Actor = BackupDatabase.By, Id = "gold", Limits = new() { DailyTokens = 5 } });
        await database.Host.Admin.CreateAccountAsync(new() { Actor = BackupDatabase.By, Id = "shop", Tariff = "gold" });
        var issued = (await database.Host.Admin.IssueKeyAsync(new() { Actor = BackupDatabase.By, Name = "app", AccountId = "shop" })).Key;
        var before = await database.RowsAsync();
        var document = await database.ExportAsync();
        await database.Host.Admin.UpdateAccountAsync(new() { Actor = BackupDatabase.By, Id = "shop", Description = "changed" });
        await database.Host.Admin.AddTariffVersionAsync(new() { Actor = BackupDatabase.By, Id = "gold", Limits = new() { DailyTokens = 6 } });
        await database.Host.Admin.RotateKeyAsync(new() { Actor = BackupDatabase.By, Key = issued.Key.Id });
        var changed = await database.RowsAsync();

        var refused = await database.RestoreAsync(document);
        refused.Rejection.ShouldNotBeNull().Kind.ShouldBe(RejectionKind.Conflict);
        refused.Changes.Single(change => change.Kind == "account").OverwrittenIds.ShouldBe(["shop"]);
        refused.Changes.Single(change => change.Kind == "tariff").OverwrittenIds.ShouldBe(["gold"]);
        refused.Changes.Single(change => change.Kind == "key").OverwrittenIds.ShouldBe([issued.Key.Id]);
        (await database.RestoreAsync(document, overwrite: true, dryRun: true)).Rejection.ShouldBeNull();
        (await database.RowsAsync()).ShouldBe(changed);

        var done = await database.RestoreAsync(document, overwrite: true);
        done.Rejection.ShouldBeNull();
        done.Changes.ShouldBe(refused.Changes);
        (await database.RowsAsync()).ShouldBe(before);
        (await database.Host.VerifyAsync(issued.Secret)).Key.ShouldNotBeNull();
    }

    [Fact]
    public async Task A_secret_that_another_key_holds_moves_and_that_key_is_revoked_when_it_has_none_left()
    {
        await using var database = await StartAsync();
        var issued = (await database.Host.Admin.IssueKeyAsync(new() { Actor = BackupDatabase.By, Name = "app" })).Key;
        var document = BackupDatabase.Read(await database.ExportAsync());
        var id = Guid.NewGuid();
        var moved = BackupDatabase.Sealed(document with { Keys = [document.Keys.Single(key => key.Name == "app") with { Id = id, Name = "other" }] });

        (await database.RestoreAsync(moved)).Changes.Single(change => change.Kind == "key").OverwrittenIds.ShouldBe([issued.Key.Id]);
        (await database.RestoreAsync(moved, overwrite: true)).Rejection.ShouldBeNull();

        (await database.Host.VerifyAsync(issued.Secret)).Key.KeyId.ShouldBe(id.ToString());
        (await database.Host.Admin.GetKeyAsync(new() { Key = issued.Key.Id })).Key.State.ShouldBe(KeyState.Revoked);
    }

    [Fact]
    public async Task Of_two_keys_for_the_tokens_of_one_account_the_document_s_stays()
    {
        await using var database = await StartAsync();
        var (here, there) = (Guid.NewGuid(), Guid.NewGuid());
        await using (var db = database.Open())
        {
            db.ApiKeys.Add(new()
            {
                Id = here,
                AccountId = "default",
                Name = "tokens",
                Role = LlmGateway.Keys.ApiKeys.KeyRole.Account,
                Source = LlmGateway.Keys.ApiKeys.KeySource.Token,
                CreatedAt = DateTimeOffset.UnixEpoch,
            });
            await db.SaveChangesAsync();
        }

        var document = BackupDatabase.Read(await database.ExportAsync());
        var other = BackupDatabase.Sealed(document with { Keys = [document.Keys.Single(key => key.Id == here) with { Id = there }] });

        (await database.RestoreAsync(other)).Changes.Single(change => change.Kind == "key").OverwrittenIds.ShouldBe([here.ToString()]);
        (await database.RestoreAsync(other, overwrite: true)).Rejection.ShouldBeNull();

        (await database.Host.Admin.GetKeyAsync(new() { Key = here.ToString() })).Key.State.ShouldBe(KeyState.Revoked);
        (await database.Host.Admin.GetKeyAsync(new() { Key = there.ToString() })).Key.Source.ShouldBe("token");
    }

    [Fact]
    public async Task An_overwrite_that_would_leave_no_administrator_is_refused()
    {
        await using var database = await StartAsync();
        var document = BackupDatabase.Read(await database.ExportAsync());
        var before = await database.RowsAsync();

        var reply = await database.RestoreAsync(
            BackupDatabase.Sealed(document with { Keys = [document.Keys[0] with { RevokedAt = document.CreatedAt }] }), overwrite: true);

        reply.Rejection.ShouldNotBeNull().Kind.ShouldBe(RejectionKind.Conflict);
        reply.Rejection.Field.ShouldBe("keys");
        (await database.RowsAsync()).ShouldBe(before);
    }

    [Fact]
    public async Task A_failure_in_the_middle_writes_nothing()
    {
        await using var source = await StartAsync();
        await source.Host.Admin.IssueKeyAsync(new() { Actor = BackupDatabase.By, Name = "app", AccountId = "shop" });
        var document = await source.ExportAsync();
        await using var target = await StartAsync();
        await using (var db = target.Open())
        {
            await db.Database.ExecuteSqlRawAsync(
                """
                CREATE FUNCTION keys.fail() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RAISE EXCEPTION ''no''; END';
                CREATE TRIGGER fail BEFORE INSERT ON keys.key_secrets EXECUTE FUNCTION keys.fail();
                """);
        }

        var before = await target.RowsAsync();
        var failure = await Should.ThrowAsync<RpcException>(() => target.RestoreAsync(document, overwrite: true));

        failure.StatusCode.ShouldBe(StatusCode.Internal);
        (await target.RowsAsync()).ShouldBe(before);
    }

    private async Task<BackupDatabase> StartAsync() => await BackupDatabase.StartAsync(await postgres.CreateKeysDatabaseAsync());

    private static AccountRow Account(string id) => new(id, "", [], DateTimeOffset.UnixEpoch);
}
