using LlmGateway.Cli.Connection;

namespace LlmGateway.Cli.Tests;

/// <summary>Answers that break off, stall, or are no gateway's.</summary>
public sealed class OddAnswerTests : IDisposable
{
    private const string HalfOfABackup =
        "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n14\r\n{\"format\":\"llmgatewa\r\n";

    private readonly string _folder = Directory.CreateTempSubdirectory("llmgw-odd-").FullName;

    private string File1 => Path.Combine(_folder, "backup.json");

    [Fact]
    public async Task A_backup_that_breaks_off_leaves_no_file_and_replaces_none()
    {
        await using var server = new ScriptedServer(_ => (HalfOfABackup, Ends: true));
        var llmgw = new Llmgw(server.Address, "sk-any");

        var run = await llmgw.RunAsync("backup", "--path", File1);
        Directory.GetFiles(_folder).ShouldBeEmpty();
        await File.WriteAllTextAsync(File1, "the last good one");
        var forced = await llmgw.RunAsync("backup", "--path", File1, "--force");

        (run.ExitCode, run.Out, forced.ExitCode).ShouldBe((1, "", 1));
        run.Error.ShouldContain("broke off. Nothing was written.");
        run.Error.TrimEnd().ShouldNotContain("\n");
        Directory.GetFiles(_folder).ShouldBe([File1]);
        (await File.ReadAllTextAsync(File1)).ShouldBe("the last good one");
    }

    [Fact]
    public async Task An_answer_that_stalls_in_its_body_is_given_up()
    {
        await using var server = new ScriptedServer(_ => (HalfOfABackup, Ends: false));
        using var gateway = new GatewayClient(new GatewayAddress(server.Address), () => new("sk-any", "a test")) { BodyPatience = TimeSpan.FromMilliseconds(50) };

        var failure = await Should.ThrowAsync<FailedException>(() => gateway.GetAsync("/admin/backup", CancellationToken.None).WaitAsync(TimeSpan.FromSeconds(30)));

        failure.Message.ShouldContain("stopped");
    }

    [Theory]
    [InlineData("{}", "stats")]
    [InlineData("[]", "list-keys")]
    [InlineData("null", "audit")]
    [InlineData("""{"object":"list","data":[{"id":5}],"next_cursor":7}""", "list-accounts")]
    [InlineData("""{"accounts":5,"keys":"many","limits":{}}""", "stats")]
    [InlineData("""{"data":[{"id":"a"}]}""", "deployments")]
    [InlineData("<html>", "list-tariffs")]
    public async Task Json_that_is_no_gateway_s_is_one_line(string answer, params string[] args)
    {
        await using var server = new ScriptedServer(_ => (ScriptedServer.Json(answer), Ends: true));

        var run = await new Llmgw(server.Address, "sk-any").RunAsync(args);

        run.ExitCode.ShouldBe(1);
        run.Error.ShouldStartWith("llmgw: ");
        run.Error.TrimEnd().ShouldNotContain("\n");
        run.Error.ShouldContain(server.Address.ToString().TrimEnd('/'));
    }

    [Theory]
    [InlineData("revoke", "revoke-key", "--key", "web")]
    [InlineData("rotate", "rotate-key", "--key", "web", "--overlap", "0")]
    public async Task What_was_asked_about_is_what_is_changed(string what, params string[] args)
    {
        await using var server = new ScriptedServer(_ => (ScriptedServer.Json("""{"id":"id-of-web","name":"web","masked_key":"sk-...","account_id":"acme"}"""), Ends: true));

        await new Llmgw(server.Address, "sk-any").InTerminalAsync("y", args);

        server.Asked.ShouldBe(["GET /admin/keys/web HTTP/1.1", $"POST /admin/keys/id-of-web/{what} HTTP/1.1"]);
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);
}
