using LlmGateway.SystemUnderTest;
using LlmGateway.Testing;

namespace LlmGateway.Cli.Tests;

/// <summary>The script at the repository's root, which builds when it must.</summary>
[Collection(RunningSystem.Name)]
public sealed class ScriptTests(RunningSystem system)
{
    [Fact]
    public async Task It_runs_from_any_folder_and_through_a_link_and_passes_arguments_and_exit_codes_on()
    {
        var folder = Directory.CreateTempSubdirectory("llmgw here ").FullName;
        var link = Path.Combine(folder, "llmgw");
        File.CreateSymbolicLink(link, Path.Combine(RepositoryRoot.Path, "llmgw"));
        var llmgw = Llmgw.Of(system.System);

        var listed = await llmgw.RunAsync(link, ["list-keys", "--account", "no-such-account", "--output", "json"], start => start.WorkingDirectory = folder);
        var failed = await llmgw.RunAsync(link, ["import-keys", "not here.json"], start => start.WorkingDirectory = folder);
        Directory.Delete(folder, recursive: true);

        listed.ExitCode.ShouldBe(0, listed.Error);
        listed.Out.ShouldContain("\"data\":[]");
        failed.ExitCode.ShouldBe(1);
        failed.Error.ShouldContain("not here.json cannot be read");
    }
}
