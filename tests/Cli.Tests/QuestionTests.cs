using LlmGateway.SystemUnderTest;

namespace LlmGateway.Cli.Tests;

/// <summary>What destroys something asks first: in a terminal by a question, in a pipe by its refusal.</summary>
[Collection(RunningSystem.Name)]
public sealed class QuestionTests(RunningSystem system)
{
    private readonly Llmgw _llmgw = Llmgw.Of(system.System);
    private readonly string _name = $"asked-{Guid.NewGuid().ToString()[..8]}";

    [Theory]
    [InlineData("revoke-key", "--key", "any")]
    [InlineData("rotate-key", "--key", "any", "--overlap", "0")]
    [InlineData("revoke-account", "--account", "any")]
    [InlineData("restore", "--path", "any", "--overwrite")]
    public async Task Without_a_terminal_it_is_refused_and_names_force(params string[] args)
    {
        var run = await _llmgw.RunAsync(args);

        (run.ExitCode, run.Out).ShouldBe((1, ""));
        run.Error.ShouldContain("--force");
        run.Error.TrimEnd().ShouldNotContain("\n");
    }

    [Fact]
    public async Task In_a_terminal_no_changes_nothing_and_yes_does_it()
    {
        await _llmgw.SucceedAsync("create-key", "--name", _name);

        var no = await _llmgw.InTerminalAsync("", "revoke-key", "--key", _name);
        var still = await _llmgw.JsonAsync("list-keys");
        var yes = await _llmgw.InTerminalAsync("y", "revoke-key", "--key", _name);
        var after = await _llmgw.SucceedAsync("list-keys");

        no.Out.ShouldContain($"Revoke the key {_name} (sk-llmgw...) of default?");
        no.Out.ShouldContain("Nothing was changed.");
        no.ExitCode.ShouldBe(1);
        still.GetRawText().ShouldContain(_name);
        yes.ExitCode.ShouldBe(0, yes.Out);
        after.Out.ShouldNotContain(_name);
    }

    [Fact]
    public async Task A_rotation_without_overlap_asks_and_one_with_overlap_does_not()
    {
        await _llmgw.SucceedAsync("create-key", "--name", _name);

        var asked = await _llmgw.InTerminalAsync("no", "rotate-key", "--key", _name, "--overlap", "0");
        var unasked = await _llmgw.SucceedAsync("rotate-key", "--key", _name);

        asked.ExitCode.ShouldBe(1);
        asked.Out.ShouldNotContain("sk-llmgw-");
        unasked.Out.ShouldContain("sk-llmgw-");
        unasked.Out.ShouldContain("old key until");
    }
}
