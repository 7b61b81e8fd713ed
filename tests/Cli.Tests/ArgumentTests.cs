using LlmGateway.Testing;

namespace LlmGateway.Cli.Tests;

/// <summary>What is decided before anything is asked: nobody listens at the address.</summary>
public sealed class ArgumentTests : IDisposable
{
    private readonly Llmgw _llmgw = new(new($"http://127.0.0.1:{FreePort.Next()}"), "sk-any");
    private readonly string _folder = Directory.CreateTempSubdirectory("llmgw-arguments-").FullName;

    [Fact]
    public async Task An_argument_with_an_at_sign_is_no_file_of_arguments()
    {
        var file = Path.Combine(_folder, "keys.json");
        await File.WriteAllTextAsync(file, "{ \"a-secret-in-a-file\": { \"name\": \"a\" } }\n--url\nnowhere");

        var import = await _llmgw.RunAsync("import-keys", "@" + file);
        var create = await _llmgw.RunAsync("create-key", "--name", "@" + file);

        (import.ExitCode, create.ExitCode).ShouldBe((1, 1));
        (import.Out + import.Error + create.Out + create.Error).ShouldNotContain("a-secret");
        import.Error.ShouldContain("cannot be read");
        create.Error.ShouldContain("Nothing answers");
    }

    [Theory]
    [InlineData("create-key", "--name", "a", "--account", "")]
    [InlineData("create-key", "--name", "a", "--tariff", " ")]
    [InlineData("import-keys", "/dev/null", "--account", "")]
    [InlineData("list-keys", "--account", "")]
    [InlineData("list-keys", "--account=")]
    [InlineData("revoke-account", "--force", "--account", "")]
    [InlineData("revoke-account", "--force", "--account", "..")]
    [InlineData("revoke-key", "--force", "--key", "..")]
    public async Task An_empty_name_is_none_at_all(params string[] args)
    {
        var run = await _llmgw.RunAsync(args);

        (run.ExitCode, run.Out).ShouldBe((1, ""));
        run.Error.ShouldContain(args.Single(arg => arg is "--tariff" or "--key" || arg.StartsWith("--account", StringComparison.Ordinal)).TrimEnd('='));
        run.Error.ShouldNotContain("Nothing answers");
    }

    [Fact]
    public async Task A_backup_replaces_neither_a_device_nor_a_link()
    {
        var (kept, link, dangling) = (Path.Combine(_folder, "kept.json"), Path.Combine(_folder, "link.json"), Path.Combine(_folder, "dangling.json"));
        await File.WriteAllTextAsync(kept, "kept");
        File.CreateSymbolicLink(link, kept);
        File.CreateSymbolicLink(dangling, Path.Combine(_folder, "nowhere"));

        foreach (var path in new[] { "/dev/null", link, dangling })
        {
            (await _llmgw.RunAsync("backup", "--path", path, "--force")).Error.ShouldContain($"{path} is no regular file");
        }

        (await _llmgw.RunAsync("backup", "--path", kept, "--force")).Error.ShouldContain("Nothing answers");
    }

    [Fact]
    public async Task The_key_and_the_port_of_run_sh_are_those_of_its_env_file()
    {
        await using var server = new ScriptedServer(_ => ("HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\nConnection: close\r\n\r\n", Ends: true));
        var file = Path.Combine(_folder, ".env");
        await File.WriteAllTextAsync(file, $"PORT={server.Address.Port}\nADMIN_API_KEY=\"sk-of-the-file\" # ours\n");
        var state = Directory.CreateDirectory(Path.Combine(_folder, "state")).FullName;
        await File.WriteAllTextAsync(Path.Combine(state, "admin-key"), "sk-of-the-state");

        (await ErrorAsync("", "")).ShouldContain($"The key was taken from ADMIN_API_KEY in {file}.");
        (await ErrorAsync("sk-of-the-environment", "")).ShouldContain("The key was taken from ADMIN_API_KEY.");
        (await ErrorAsync("", "http://127.0.0.1:1")).ShouldContain("Nothing answers at http://127.0.0.1:1 ");
        await File.WriteAllTextAsync(file, $"PORT={server.Address.Port}\nADMIN_API_KEY=your_admin_api_key_here\n");
        (await ErrorAsync("", "")).ShouldContain($"The key was taken from {state}/admin-key.");

        async Task<string> ErrorAsync(string key, string url) =>
            (await _llmgw.RunAsync("dotnet", [Path.Combine(AppContext.BaseDirectory, "llmgw.dll"), "stats"], start =>
            {
                start.Environment["ADMIN_API_KEY"] = key;
                start.Environment["LLMGW_URL"] = url;
                start.Environment["LLMGATEWAY_ENV_FILE"] = file;
                start.Environment["LLMGATEWAY_STATE"] = state;
            })).Error;
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);
}
