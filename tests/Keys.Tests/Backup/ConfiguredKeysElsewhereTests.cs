using LlmGateway.Keys.ApiKeys;
using LlmGateway.Testing;
using Microsoft.EntityFrameworkCore;

namespace LlmGateway.Keys.Tests.Backup;

/// <summary>A document restored where other keys are configured, and then started again.</summary>
public sealed class ConfiguredKeysElsewhereTests(PostgresFixture postgres) : IClassFixture<PostgresFixture>
{
    private readonly FakeTime _time = new();

    [Fact]
    public async Task A_configured_key_works_after_the_next_start_too_where_it_is_not_configured()
    {
        var document = await ExportAsync("sk-client");
        var connection = await postgres.CreateKeysDatabaseAsync();
        await using (var target = await BackupDatabase.StartAsync(connection))
        {
            (await target.RestoreAsync(document, overwrite: true)).Rejection.ShouldBeNull();
        }

        await using var again = await BackupDatabase.StartAsync(connection);
        (await again.Host.VerifyAsync("sk-client")).Key.ShouldNotBeNull();
        (await Database.KeysAsync(connection)).Single(key => key.Name == "ALLOWED_API_KEYS 1").Source.ShouldBe(KeySource.Imported);
        (await again.RestoreAsync(document)).Rejection.ShouldBeNull("it is what it would be");
    }

    [Fact]
    public async Task A_key_that_is_configured_there_too_stays_configured()
    {
        var document = await ExportAsync("sk-client");
        var connection = await postgres.CreateKeysDatabaseAsync();
        await using (var target = await BackupDatabase.StartAsync(connection, allowed: "sk-client"))
        {
            (await target.RestoreAsync(document, overwrite: true)).Rejection.ShouldBeNull();
        }

        (await Database.KeysAsync(connection)).Single(key => key.Name == "ALLOWED_API_KEYS 1" && key.RevokedAt is null).Source.ShouldBe(KeySource.Configured);
    }

    [Fact]
    public async Task What_is_restored_is_in_the_audit_row_by_row_and_without_hashes()
    {
        var document = await ExportAsync("sk-client");
        await using var target = await BackupDatabase.StartAsync(await postgres.CreateKeysDatabaseAsync());
        (await target.RestoreAsync(document, overwrite: true)).Rejection.ShouldBeNull();

        await using var db = target.Open();
        var entries = await db.AuditEntries.Where(entry => entry.Action.EndsWith(".restored") && entry.SubjectKind != "backup").ToListAsync();
        var rows = BackupDatabase.Read(document);
        foreach (var key in rows.Keys)
        {
            var details = entries.Single(entry => entry.Action == "key.restored" && entry.SubjectId == key.Id.ToString()).Details;
            details.ShouldContain($"\"role\": \"{key.Role}\"");
            details.ShouldContain($"\"account\": \"{key.Account}\"");
            details.ShouldContain("\"revoked_at\": null");
            details.ShouldContain("\"overwritten\": false");
        }

        // The administrator's key of the same secret, which the target's own start had made.
        entries.Single(entry => entry.Details.Contains("\"secrets\": 0")).Details.ShouldContain("\"overwritten\": true");
        entries.Count.ShouldBe(rows.Keys.Count + 1 + entries.Count(entry => entry.SubjectKind == "account"));
        string.Concat(entries.Select(entry => entry.Details)).ShouldNotContain(rows.Keys[0].Secrets[0].Hash[..16]);
    }

    private async Task<byte[]> ExportAsync(string allowed)
    {
        await using var source = await BackupDatabase.StartAsync(await postgres.CreateKeysDatabaseAsync(), allowed, _time);
        return await source.ExportAsync();
    }
}
