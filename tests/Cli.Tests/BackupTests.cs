using LlmGateway.SystemUnderTest;

namespace LlmGateway.Cli.Tests;

[Collection(RunningSystem.Name)]
public sealed class BackupTests(RunningSystem system) : IDisposable
{
    private readonly Llmgw _llmgw = Llmgw.Of(system.System);
    private readonly string _folder = Directory.CreateTempSubdirectory("llmgw-backup-").FullName;
    private readonly string _name = $"kept-{Guid.NewGuid().ToString()[..8]}";

    private string File1 => Path.Combine(_folder, "backup.json");

    [Fact]
    public async Task A_backup_is_a_private_file_without_secrets_and_replaces_none_by_accident()
    {
        var secret = (await _llmgw.JsonAsync("create-key", "--name", _name)).GetProperty("secret").GetString()!;

        await _llmgw.SucceedAsync("backup", "--path", File1);
        var again = await _llmgw.RunAsync("backup", "--path", File1);
        await _llmgw.SucceedAsync("backup", "--path", File1, "--force");

        (OperatingSystem.IsWindows() ? default : File.GetUnixFileMode(File1)).ShouldBe(UnixFileMode.UserRead | UnixFileMode.UserWrite);
        var text = await File.ReadAllTextAsync(File1);
        text.ShouldContain(_name);
        text.ShouldNotContain(secret);
        text.ShouldNotContain(GatewaySystem.AdminKey);
        again.ExitCode.ShouldBe(1);
        again.Error.ShouldContain("--force");
        Directory.GetFiles(_folder).ShouldBe([File1]);
    }

    [Fact]
    public async Task A_restore_says_what_it_would_overwrite_asks_and_brings_it_back()
    {
        await _llmgw.SucceedAsync("create-key", "--name", _name, "--limit", "5");
        await _llmgw.SucceedAsync("backup", "--path", File1);
        var id = (await _llmgw.JsonAsync("set-limit", "--key", _name, "--limit", "6")).GetProperty("id").GetString()!;

        var refused = await _llmgw.RunAsync("restore", "--path", File1);
        var dry = await _llmgw.RunAsync("restore", "--path", File1, "--overwrite", "--dry-run");
        var no = await _llmgw.InTerminalAsync("n", "restore", "--path", File1, "--overwrite");
        (await LimitAsync()).ShouldBe("6");
        var yes = await _llmgw.InTerminalAsync("y", "restore", "--path", File1, "--overwrite");

        refused.ExitCode.ShouldBe(1);
        refused.Error.ShouldContain(id);
        refused.Error.ShouldContain("--overwrite");
        dry.ExitCode.ShouldBe(0, dry.Error);
        dry.Out.ShouldContain("OVERWRITTEN");
        no.ExitCode.ShouldBe(1);
        no.Out.ShouldContain(id);
        yes.ExitCode.ShouldBe(0, yes.Out);
        (await LimitAsync()).ShouldBe("5");
    }

    [Fact]
    public async Task A_file_that_is_no_backup_or_half_of_one_is_refused_whole()
    {
        await _llmgw.SucceedAsync("backup", "--path", File1);
        var text = await File.ReadAllTextAsync(File1);
        await File.WriteAllTextAsync(File1, text[..(text.Length / 2)]);

        var half = await _llmgw.RunAsync("restore", "--path", File1);
        await File.WriteAllTextAsync(File1, "{}");
        var none = await _llmgw.RunAsync("restore", "--path", File1);

        (half.ExitCode, half.Out, none.ExitCode, none.Out).ShouldBe((1, "", 1, ""));
        half.Error.ShouldStartWith("llmgw: ");
        half.Error.ShouldNotContain("500");
        none.Error.ShouldNotContain("500");
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private async Task<string> LimitAsync() => (await _llmgw.JsonAsync("list-keys")).GetProperty("data").EnumerateArray()
        .Single(key => key.GetProperty("name").GetString() == _name).GetProperty("limits").GetProperty("total_tokens").GetRawText();
}
