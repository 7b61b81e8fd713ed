using LlmGateway.SystemUnderTest;
using LlmGateway.Testing;

namespace LlmGateway.Cli.Tests;

/// <summary>What goes wrong is one line on standard error, and exit code 1.</summary>
[Collection(RunningSystem.Name)]
public sealed class FailureTests(RunningSystem system)
{
    private const string Secret = "sk-llmgw-pasted0where0it0does0not0belong";

    private readonly Llmgw _llmgw = Llmgw.Of(system.System);

    [Theory]
    [InlineData("no key has this id", "revoke-key", "--key", "no-such-key", "--force")]
    [InlineData("tariff", "create-key", "--name", "a", "--tariff", "no-such-tariff")]
    [InlineData("limits.daily_usd", "create-key", "--name", "a", "--daily-usd", "9999999999")]
    [InlineData("--usd must be an amount", "create-key", "--name", "a", "--usd", "1.0000000001")]
    [InlineData("--limit must be a whole number", "create-key", "--name", "a", "--limit", "50k")]
    [InlineData("--limit must be a whole number", "create-key", "--name", "a", "--limit", "none")]
    [InlineData("--expires must be", "create-key", "--name", "a", "--expires", "soon")]
    [InlineData("--overlap must be", "rotate-key", "--key", "a", "--overlap", "5")]
    [InlineData("Say which limit", "set-limit", "--key", "a")]
    [InlineData("--url must be an address", "stats", "--url", "localhost:8000")]
    [InlineData("cannot be read", "import-keys", "/no/such/file")]
    [InlineData("limit", "audit", "--last", "0")]
    public async Task It_is_said_in_one_line_that_names_what_is_wrong(string named, params string[] args)
    {
        var run = await _llmgw.RunAsync(args);

        (run.ExitCode, run.Out).ShouldBe((1, ""));
        run.Error.ShouldContain(named);
        run.Error.TrimEnd().ShouldNotContain("\n");
        run.Error.ShouldNotContain("   at ");
    }

    [Theory]
    [InlineData("revoke-key", "--key", Secret, "--force")]
    [InlineData("list-keys", Secret)]
    [InlineData("list-keys", "--account=" + Secret)]
    [InlineData("create-key", "--name", Secret)]
    [InlineData("create-key", "--name", "a", "--limit", Secret)]
    [InlineData("create-key", "--name", "a", "--output", Secret)]
    [InlineData(Secret)]
    [InlineData("stats", "--key=" + Secret)]
    [InlineData("revoke-account", "--account", Secret, "--force")]
    public async Task A_secret_in_the_wrong_place_is_not_repeated(params string[] args)
    {
        var run = await _llmgw.RunAsync(args);

        (run.Out + run.Error).ShouldNotContain("pasted0where");
        system.System.LogOf("gateway").ShouldNotContain(line => line.Contains(Secret));
    }

    [Fact]
    public async Task A_refused_key_is_named_by_where_it_came_from_and_not_shown()
    {
        var state = Directory.CreateTempSubdirectory("llmgw-state-").FullName;
        await File.WriteAllTextAsync(Path.Combine(state, "admin-key"), "sk-not-the-administrators\n");
        var other = new Llmgw(system.Gateway, "");

        var run = await other.RunAsync("dotnet", [Path.Combine(AppContext.BaseDirectory, "llmgw.dll"), "stats"], start => start.Environment["LLMGATEWAY_STATE"] = state);
        Directory.Delete(state, recursive: true);
        var account = await new Llmgw(system.Gateway, GatewaySystem.Key).RunAsync("stats");

        run.ExitCode.ShouldBe(1);
        run.Error.ShouldContain($"The key was taken from {state}/admin-key.");
        run.Error.ShouldNotContain("sk-not");
        account.ExitCode.ShouldBe(1);
        account.Error.ShouldContain("The key was taken from ADMIN_API_KEY.");
        account.Error.ShouldNotContain(GatewaySystem.Key);
    }

    [Fact]
    public async Task Without_a_key_it_says_where_one_is_looked_for()
    {
        var run = await new Llmgw(system.Gateway, " ").RunAsync("stats");

        run.ExitCode.ShouldBe(1);
        run.Error.ShouldContain("/nonexistent/admin-key does not exist");
        run.Error.ShouldContain("ADMIN_API_KEY");
    }

    [Fact]
    public async Task When_nothing_answers_it_says_where_it_asked_and_how_to_say_otherwise()
    {
        var address = $"http://localhost:{FreePort.Next()}";

        var run = await _llmgw.RunAsync("stats", "--url", address);

        run.ExitCode.ShouldBe(1);
        run.Error.ShouldContain(address);
        run.Error.ShouldContain("LLMGW_URL");
    }

    [Fact]
    public async Task An_operator_reads_and_changes_nothing()
    {
        var secret = (await _llmgw.JsonAsync("create-key", "--name", "operator", "--role", "operator")).GetProperty("secret").GetString()!;
        var operators = new Llmgw(system.Gateway, secret);

        (await operators.RunAsync("list-keys")).ExitCode.ShouldBe(0);
        (await operators.RunAsync("audit")).ExitCode.ShouldBe(0);
        var refused = await operators.RunAsync("create-key", "--name", "more");

        refused.ExitCode.ShouldBe(1);
        refused.Error.ShouldContain("The key was taken from ADMIN_API_KEY.");
    }
}
