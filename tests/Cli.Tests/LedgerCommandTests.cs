using LlmGateway.SystemUnderTest;
using LlmGateway.Testing;

namespace LlmGateway.Cli.Tests;

/// <summary>Money through the command line: each test has an account of its own, with the grant of 100 USD.</summary>
[Collection(RunningSystem.Name)]
public sealed class LedgerCommandTests(RunningSystem system) : IAsyncLifetime
{
    private readonly Llmgw _llmgw = Llmgw.Of(system.System);
    private readonly string _account = $"cli-{Guid.NewGuid().ToString()[..8]}";
    private string _secret = "";

    public async Task InitializeAsync() =>
        _secret = (await _llmgw.JsonAsync("create-key", "--name", _account, "--account", _account)).GetProperty("secret").GetString()!;

    public Task DisposeAsync() => Task.CompletedTask;

    [Fact]
    public async Task A_top_up_is_booked_once_by_its_key_and_shown()
    {
        string[] topUp = ["top-up", "--account", _account, "--amount", "12.50", "--note", "invoice 7", "--idempotency-key", $"{_account} 1"];

        var shown = await _llmgw.SucceedAsync(topUp);
        var again = await _llmgw.JsonAsync(topUp);
        var other = await _llmgw.RunAsync("top-up", "--account", _account, "--amount", "13", "--idempotency-key", $"{_account} 1");
        await _llmgw.SucceedAsync("top-up", "--account", _account, "--amount", "0.000000001");
        var last = await _llmgw.JsonAsync("top-up", "--account", _account, "--amount", "0.000000001");

        Lines(shown).ShouldContain("amount 12.5 USD");
        Lines(shown).ShouldContain("balance 112.5 USD after it");
        Lines(shown).ShouldContain("note invoice 7");
        Lines(shown).ShouldNotContain(line => line.Contains("booked before"));
        Lines(await _llmgw.SucceedAsync(topUp)).ShouldContain(line => line.StartsWith("transaction txn_") && line.EndsWith("(booked before)"));
        again.GetProperty("balance_after").GetRawText().ShouldBe("112.5");
        (other.ExitCode, other.Out).ShouldBe((1, ""));
        other.Error.ShouldContain("belongs to another booking");
        last.GetProperty("balance_after").GetRawText().ShouldBe("112.500000002");
    }

    [Fact]
    public async Task A_balance_is_corrected_overdrawn_and_no_more_than_that()
    {
        (await _llmgw.JsonAsync("adjust", "--account", _account, "--amount", "-99.5", "--note", "moved")).GetProperty("balance_after").GetRawText().ShouldBe("0.5");
        (await _llmgw.RunAsync("adjust", "--account", _account, "--amount", "-1", "--note", "more")).Error.ShouldContain("does not have that much available. (available 0.5 USD, balance 0.5 USD, held 0 USD)");
        Lines(await _llmgw.SucceedAsync("set-overdraft", "--account", _account, "--amount", "0.5", "--note", "until May")).ShouldContain("available 1 USD");
        (await _llmgw.JsonAsync("adjust", "--account", _account, "--amount", "-1", "--note", "more")).GetProperty("balance_after").GetRawText().ShouldBe("-0.5");
    }

    [Fact]
    public async Task A_call_is_given_back_in_part_and_whole()
    {
        using var http = new HttpClient { BaseAddress = system.Gateway };
        http.DefaultRequestHeaders.Authorization = new("Bearer", _secret);
        var call = await new ChatCall(http, GatewaySystem.Model) { MaxTokens = 50 }.PlainAsync();

        (await _llmgw.JsonAsync("refund", "--call", call.RequestId, "--amount", "0.000000001")).GetProperty("amount").GetRawText().ShouldBe("0.000000001");
        (await _llmgw.JsonAsync("refund", "--call", call.RequestId)).GetProperty("balance_after").GetRawText().ShouldBe("100");
        (await _llmgw.RunAsync("refund", "--call", call.RequestId)).Error.ShouldContain("has not been given back");
    }

    [Fact]
    public async Task The_ledger_of_a_running_system_is_verified()
    {
        var table = await _llmgw.SucceedAsync("ledger", "verify");
        var json = await _llmgw.JsonAsync("ledger", "verify");

        Lines(table)[0].ShouldBe("CHECK EXAMINED DIFFERENCES");
        Lines(table).Count(line => line.EndsWith(" 0", StringComparison.Ordinal)).ShouldBe(12);
        json.GetProperty("passed").GetBoolean().ShouldBeTrue();
    }

    private static List<string> Lines(Run run) =>
        [.. run.Out.Split('\n').Select(line => string.Join(' ', line.Split(' ', StringSplitOptions.RemoveEmptyEntries)))];
}

/// <summary>What goes wrong before, on the way and after; nobody books anything here.</summary>
public sealed class LedgerCommandFailureTests
{
    private const string Failed =
        """{"object":"verification","passed":false,"checks":[{"name":"balance","examined":2,"differences":1}],"differences":[{"check":"balance","subject":"acme","detail":"the balance is 2 USD, and its entries sum to 1"}],"verified_at":"2026-11-21T10:00:00Z","duration_ms":3}""";

    [Theory]
    [InlineData("--amount", "top-up", "--account", "a", "--amount", "1.0000000001")]
    [InlineData("--amount", "top-up", "--account", "a", "--amount", "NaN")]
    [InlineData("--idempotency-key", "top-up", "--account", "a", "--amount", "1", "--idempotency-key", "")]
    [InlineData("--note", "adjust", "--account", "a", "--amount", "1")]
    [InlineData("--call", "refund", "--call", "../accounts")]
    [InlineData("llmgw ledger --help", "ledger")]
    [InlineData("llmgw ledger verify --help", "ledger", "verify", "--fast")]
    public async Task What_cannot_be_is_refused_before_anything_is_asked(string named, params string[] args)
    {
        var run = await new Llmgw(new($"http://127.0.0.1:{FreePort.Next()}"), "sk-any").RunAsync(args);

        (run.ExitCode, run.Out).ShouldBe((1, ""));
        run.Error.ShouldContain(named);
        run.Error.ShouldNotContain("Nothing answers");
    }

    [Fact]
    public async Task Differences_are_shown_and_are_no_success()
    {
        await using var server = new ScriptedServer(_ => (ScriptedServer.Json(Failed), Ends: true));
        var llmgw = new Llmgw(server.Address, "sk-any");

        var table = await llmgw.RunAsync("ledger", "verify");
        var json = await llmgw.RunAsync("ledger", "verify", "--output", "json");

        (table.ExitCode, json.ExitCode).ShouldBe((1, 1));
        table.Out.ShouldContain("the balance is 2 USD, and its entries sum to 1");
        table.Error.ShouldContain("does not add up");
        json.Json.GetProperty("passed").GetBoolean().ShouldBeFalse();
    }

    [Fact]
    public async Task A_booking_without_an_answer_says_how_to_repeat_it()
    {
        await using var server = new ScriptedServer(_ => (
            "HTTP/1.1 503 Service Unavailable\r\nContent-Type: application/json\r\nConnection: close\r\n\r\n"
            + """{"error":{"message":"Billing does not answer.","type":"service_unavailable_error","param":null,"code":"billing_unavailable"}}""", Ends: true));
        await using var refusing = new ScriptedServer(_ => (
            "HTTP/1.1 409 Conflict\r\nContent-Type: application/json\r\nConnection: close\r\n\r\n"
            + """{"error":{"message":"No.","type":"invalid_request_error","param":null,"code":"idempotency_key_reused"}}""", Ends: true));
        string[] topUp = ["top-up", "--account", "acme", "--amount", "1", "--idempotency-key", "invoice 7"];

        var run = await new Llmgw(server.Address, "sk-any").RunAsync(topUp);
        var own = await new Llmgw(server.Address, "sk-any").RunAsync(topUp[..5]);

        run.Error.ShouldContain("--idempotency-key invoice 7, which books it once");
        own.Error.ShouldMatch("--idempotency-key [0-9a-f-]{36},");
        (await new Llmgw(refusing.Address, "sk-any").RunAsync(topUp)).Error.ShouldNotContain("which books it once");
    }

    [Fact]
    public async Task Figures_without_what_providers_get_are_shown_to_who_may_not_see_it()
    {
        const string Sums = """{"requests":2,"input_tokens":3,"cached_input_tokens":0,"cache_write_tokens":0,"output_tokens":4,"reasoning_tokens":0,"cost":1.5,"written_off":0}""";
        await using var server = new ScriptedServer(_ => (ScriptedServer.Json(
            """{"object":"stats","accounts":{"total":1,"revoked":0},"tariffs":0,"keys":{"active":1,"expired":0,"revoked":0,"used_last_day":1},"""
            + """ "limits":{"keys":0,"total_tokens_sum":0,"total_tokens_average":0},"money":{"day":"""
            + $$"""{{Sums}},"month":{{Sums}},"balance":21000000000.000000003,"held":0} }"""), Ends: true));

        var run = await new Llmgw(server.Address, "sk-operator").RunAsync("stats");

        run.ExitCode.ShouldBe(0, run.Error);
        run.Out.ShouldContain("2 calls, 7 tokens, 1.5 USD\n");
        run.Out.ShouldContain("21000000000.000000003 USD");
    }

    [Fact]
    public async Task A_booking_that_was_never_sent_or_was_refused_is_not_said_to_be_unknown()
    {
        await using var refusing = new ScriptedServer(_ => (
            "HTTP/1.1 409 Conflict\r\nContent-Type: application/json\r\nConnection: close\r\n\r\n"
            + """{"error":{"message":"No.","type":"invalid_request_error","param":null,"code":"insufficient_balance","metadata":{"available":0.5,"balance":1,"held":0.5}}}""", Ends: true));
        await using var silent = new ScriptedServer(_ => ("", Ends: true));
        string[] adjust = ["adjust", "--account", "acme", "--amount", "-1", "--note", "n"];

        var nobody = await new Llmgw(new($"http://127.0.0.1:{FreePort.Next()}"), "sk-any").RunAsync(adjust);
        var keyless = await new Llmgw(silent.Address, "").RunAsync(adjust);
        var refused = await new Llmgw(refusing.Address, "sk-any").RunAsync(adjust);
        var lost = await new Llmgw(silent.Address, "sk-any").RunAsync(adjust);

        nobody.Error.ShouldContain("Nothing answers");
        (nobody.Error + keyless.Error + refused.Error).ShouldNotContain("booked or not");
        keyless.Error.ShouldContain("no administrator's key");
        refused.Error.ShouldContain("No. (available 0.5 USD, balance 1 USD, held 0.5 USD)");
        lost.Error.ShouldContain("It may have been booked or not: repeat the command with --idempotency-key");
    }
}
