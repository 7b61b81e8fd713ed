using System.Net;
using System.Text.Json;
using LlmGateway.SystemUnderTest;

namespace LlmGateway.Cli.Tests;

/// <summary>A key's life through the command line, and what each step does to calls.</summary>
[Collection(RunningSystem.Name)]
public sealed class KeyCommandTests(RunningSystem system)
{
    // Far less than the ten seconds for which a gateway without the stream of changes trusts its memory.
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(5);

    private readonly Llmgw _llmgw = Llmgw.Of(system.System);
    private readonly string _name = $"key {Guid.NewGuid().ToString()[..8]}";

    [Fact]
    public async Task A_key_is_created_limited_rotated_and_revoked_and_calls_follow()
    {
        var created = await _llmgw.JsonAsync("create-key", "--name", _name, "--limit", "50000", "--daily-usd", "2.50", "--expires", "30d", "--models", "fake-*");
        var first = created.GetProperty("secret").GetString()!;
        created.GetProperty("limits").GetProperty("daily_usd").GetRawText().ShouldBe("2.5");
        (await StatusAsync(first)).ShouldBe(HttpStatusCode.OK);

        var limited = await _llmgw.JsonAsync("set-limit", "--key", _name, "--limit", "100000", "--daily-usd", "none", "--rpm", "60");
        Limits(limited).ShouldBe(("100000", "null", "60"));
        limited.TryGetProperty("secret", out _).ShouldBeFalse();

        var rotated = await _llmgw.JsonAsync("rotate-key", "--key", _name, "--overlap", "1h");
        var second = rotated.GetProperty("secret").GetString()!;
        second.ShouldNotBe(first);
        (await StatusAsync(first)).ShouldBe(HttpStatusCode.OK);
        (await StatusAsync(second)).ShouldBe(HttpStatusCode.OK);

        var revoked = await _llmgw.JsonAsync("revoke-key", "--key", created.GetProperty("id").GetString()!, "--force");
        revoked.GetProperty("state").GetString().ShouldBe("revoked");
        await UntilRefusedAsync(first);
        await UntilRefusedAsync(second);
    }

    [Fact]
    public async Task A_table_shows_the_key_once_and_masked_ever_after()
    {
        var created = await _llmgw.SucceedAsync("create-key", "--name", _name, "--limit", "5");
        var secret = created.Out.Split('\n').Single(line => line.StartsWith("key ", StringComparison.Ordinal)).Split(' ')[^1];
        secret.ShouldStartWith("sk-llmgw-");
        created.Error.ShouldContain("shown this once");

        var list = await _llmgw.SucceedAsync("list-keys", "--stats");

        var line = list.Out.Split('\n').Single(line => line.Contains(_name));
        line.ShouldContain("sk-llmgw...");
        line.ShouldContain("5 tokens");
        list.Out.ShouldNotContain(secret);
        list.Out.ShouldContain("average");
    }

    [Fact]
    public async Task A_list_has_all_pages_and_its_stats_are_exact()
    {
        var account = $"import-{Guid.NewGuid()}";
        var file = Path.GetTempFileName();
        var keys = Enumerable.Range(0, 205).ToDictionary(i => $"imported-{account}-{i}", i => new { name = $"import {i}", limit = i % 2 == 0 ? (long?)1000 + i : null });
        await File.WriteAllTextAsync(file, JsonSerializer.Serialize(keys));

        var imported = await _llmgw.SucceedAsync("import-keys", file, "--account", account);
        var list = await _llmgw.JsonAsync("list-keys", "--account", account, "--stats");
        var none = await _llmgw.RunAsync("import-keys", file, "--account", account);
        File.Delete(file);

        imported.Error.ShouldContain("205 keys");
        list.GetProperty("data").GetArrayLength().ShouldBe(205);
        list.GetProperty("stats").GetRawText().ShouldBe("""{"keys":205,"limited_keys":103,"total_tokens_sum":113506,"total_tokens_average":1102}""");
        (await StatusAsync($"imported-{account}-7")).ShouldBe(HttpStatusCode.OK);
        none.ExitCode.ShouldBe(1, "the same keys a second time");
        none.Error.ShouldNotContain($"imported-{account}");
    }

    [Fact]
    public async Task Revoking_an_account_stops_its_keys_until_it_is_reinstated()
    {
        // As other systems make their ids.
        var account = $"user_{Guid.NewGuid():N}";
        var secret = (await _llmgw.JsonAsync("create-key", "--name", _name, "--account", account)).GetProperty("secret").GetString()!;
        (await StatusAsync(secret)).ShouldBe(HttpStatusCode.OK);

        await _llmgw.SucceedAsync("revoke-account", "--account", account, "--force");
        await UntilRefusedAsync(secret);
        await _llmgw.SucceedAsync("reinstate-account", "--account", account);

        await UntilAsync(secret, HttpStatusCode.OK);
        (await _llmgw.SucceedAsync("list-accounts")).Out.ShouldContain(account);
    }

    [Fact]
    public async Task A_tariff_gives_its_keys_their_limits()
    {
        var tariff = $"tariff-{Guid.NewGuid()}";

        await _llmgw.SucceedAsync("create-tariff", "--name", tariff, "--monthly-tokens", "1000000", "--usd", "0.000000001", "--description", "small");
        var key = await _llmgw.JsonAsync("create-key", "--name", _name, "--tariff", tariff, "--monthly-tokens", "5");
        var list = await _llmgw.SucceedAsync("list-tariffs");

        key.GetProperty("effective_limits").GetProperty("total_usd").GetRawText().ShouldBe("0.000000001");
        key.GetProperty("effective_limits").GetProperty("monthly_tokens").GetInt64().ShouldBe(5);
        var line = list.Out.Split('\n').Single(line => line.StartsWith(tariff, StringComparison.Ordinal));
        line.ShouldContain("1000000 tokens/month, 0.000000001 USD");
    }

    private static (string Total, string Daily, string Rpm) Limits(JsonElement key)
    {
        var limits = key.GetProperty("limits");
        return (limits.GetProperty("total_tokens").GetRawText(), limits.GetProperty("daily_usd").GetRawText(), limits.GetProperty("requests_per_minute").GetRawText());
    }

    private Task UntilRefusedAsync(string secret) => UntilAsync(secret, HttpStatusCode.Forbidden);

    private async Task UntilAsync(string secret, HttpStatusCode status)
    {
        using var limit = new CancellationTokenSource(Limit);
        while (await StatusAsync(secret) != status)
        {
            await Task.Delay(TimeSpan.FromMilliseconds(20), limit.Token);
        }
    }

    private async Task<HttpStatusCode> StatusAsync(string secret)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(system.Gateway, "/v1/models"));
        request.Headers.Authorization = new("Bearer", secret);
        using var response = await system.Http.SendAsync(request);
        return response.StatusCode;
    }
}
