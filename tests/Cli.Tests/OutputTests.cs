using System.Text.Json;
using LlmGateway.SystemUnderTest;

namespace LlmGateway.Cli.Tests;

/// <summary>Help, pipes, the script, and what is never written.</summary>
[Collection(RunningSystem.Name)]
public sealed class OutputTests(RunningSystem system)
{
    private static readonly string[] Commands =
    [
        "create-key", "list-keys", "set-limit", "rotate-key", "revoke-key", "import-keys", "create-tariff", "list-tariffs", "list-accounts",
        "revoke-account", "reinstate-account", "top-up", "adjust", "refund", "set-overdraft", "ledger", "backup", "restore", "models", "deployments", "stats", "audit", "rotate-signing-key", "smoke",
    ];

    private readonly Llmgw _llmgw = Llmgw.Of(system.System);

    [Fact]
    public async Task Every_command_s_help_has_an_example_of_it()
    {
        var help = await _llmgw.SucceedAsync("--help");
        foreach (var command in Commands)
        {
            help.Out.ShouldContain($"\n  {command} ");
            (await _llmgw.SucceedAsync(command, "--help")).Out.ShouldContain($"  llmgw {command}");
        }
    }

    [Fact]
    public async Task The_help_s_examples_of_keys_work_as_they_stand()
    {
        var examples = (await _llmgw.SucceedAsync("--help")).Out.Split('\n').Where(line => line.StartsWith("  llmgw ", StringComparison.Ordinal) && line.Contains("\"Web shop\"")).ToList();

        examples.Select(example => example.Split(' ')[3]).ShouldBe(["create-key", "set-limit", "rotate-key", "revoke-key"]);
        foreach (var example in examples)
        {
            var args = example["  llmgw ".Length..].TrimEnd().Split('"').SelectMany((part, i) => i % 2 == 1 ? [part] : part.Split(' ', StringSplitOptions.RemoveEmptyEntries)).ToList();
            await _llmgw.SucceedAsync([.. args, .. args[0] == "revoke-key" ? new[] { "--force" } : []]);
        }
    }

    [Theory]
    [InlineData("list-keys")]
    [InlineData("list-accounts")]
    [InlineData("audit")]
    [InlineData("stats")]
    public async Task In_a_pipe_a_table_is_plain_lines(string command)
    {
        var run = await _llmgw.SucceedAsync(command);

        run.Error.ShouldBe("");
        run.Out.ShouldNotContain(character => character != '\n' && (character < ' ' || character > '~'));
        run.Out.Split('\n').ShouldAllBe(line => line.TrimEnd() == line);
    }

    [Theory]
    [InlineData("list-keys", "list")]
    [InlineData("list-accounts", "list")]
    [InlineData("list-tariffs", "list")]
    [InlineData("audit", "list")]
    [InlineData("deployments", "list")]
    [InlineData("stats", "stats")]
    public async Task As_json_it_is_the_gateway_s_answer_and_nothing_else(string command, string kind)
    {
        var run = await _llmgw.SucceedAsync(command, "--output", "json");

        run.Json.GetProperty("object").GetString().ShouldBe(kind);
        run.Error.ShouldBe("");
    }

    [Fact]
    public async Task A_name_cannot_send_control_characters_to_a_terminal()
    {
        // Keys refuses them in names; what it let in before is shown without.
        LlmGateway.Cli.Output.PlainText.Of("a\u001b[2Jb\nc\u009b").ShouldBe("a?[2Jb?c?");
        (await _llmgw.RunAsync("create-key", "--name", "a\u001b[2Jb")).Error.ShouldNotContain("\u001b");
    }

    [Fact]
    public async Task Smoke_passes_against_a_running_gateway_and_fails_with_a_failing_model()
    {
        var passed = await _llmgw.SucceedAsync("smoke", "--model", GatewaySystem.Model);
        var failed = await _llmgw.RunAsync("smoke", "--model", "fake-500", "--output", "json");

        passed.Out.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => string.Join(' ', line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[..2]))
            .ShouldBe(["pass health", "pass models", "pass chat", "pass stream", "pass balance"]);
        failed.ExitCode.ShouldBe(1);
        failed.Json.EnumerateArray().Select(call => call.GetProperty("passed").GetBoolean()).ShouldBe([true, true, false, false, true]);
    }

    [Fact]
    public async Task No_output_has_a_secret_but_that_of_the_command_that_made_it()
    {
        var created = (await _llmgw.JsonAsync("create-key", "--name", "seen once")).GetProperty("secret").GetString()!;

        foreach (var command in new[] { "list-keys", "audit", "stats", "list-accounts" })
        {
            foreach (var output in new[] { "json", "table" })
            {
                await _llmgw.SucceedAsync(command, "--output", output);
            }
        }

        Llmgw.Written.Count(text => text.Contains(created)).ShouldBe(1);
        Llmgw.Written.ShouldNotContain(text => text.Contains(GatewaySystem.AdminKey));
        system.System.LogOf("gateway").Concat(system.System.LogOf("keys")).ShouldNotContain(line => line.Contains(created));
    }
}
