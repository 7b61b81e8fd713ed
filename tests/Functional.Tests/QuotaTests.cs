using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using LlmGateway.FakeProvider;
using LlmGateway.SystemUnderTest;

namespace LlmGateway.Functional.Tests;

/// <summary>The flat names for quotas, from the environment to the refusal, which each key meets by its own use.</summary>
public sealed class QuotaTests : IAsyncLifetime
{
    private GatewaySystem _system = null!;

    public async Task InitializeAsync() => _system = await GatewaySystem.StartAsync(new SystemSettings
    {
        Environment =
        {
            ["API_DAILY_LIMIT"] = "100",
            ["API_MONTHLY_LIMIT"] = "200",
            ["DEFAULT_MAX_TOKENS"] = "300",
            ["Billing__RefusalStatus"] = "402",
        },
    });

    public async Task DisposeAsync() => await _system.DisposeAsync();

    [Fact]
    public async Task Each_default_quota_refuses_the_call_after_the_one_that_used_it_up()
    {
        await RefusedAfterAsync(GatewaySystem.Key, 100, "daily_limit_exceeded", resets: true);
        await RefusedAfterAsync(await IssueAsync("""{"name":"monthly","limits":{"daily_tokens":1000}}"""), 200, "monthly_limit_exceeded", resets: true);
        await RefusedAfterAsync(
            await IssueAsync("""{"name":"total","limits":{"daily_tokens":1000,"monthly_tokens":1000}}"""), 300, "tariff_exhausted", resets: false);
    }

    private async Task RefusedAfterAsync(string key, int quota, string code, bool resets)
    {
        using var http = new HttpClient { BaseAddress = _system.Gateway };
        http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", key);
        _system.Provider.On(GatewaySystem.Model, new Script { PromptTokens = quota - 10, CompletionTokens = 10 });
        (await new ChatCall(http, GatewaySystem.Model).PlainAsync()).Status.ShouldBe(HttpStatusCode.OK);
        var calls = _system.Provider.CallsOf(GatewaySystem.Model).Count;

        var asked = TimeProvider.System.GetUtcNow();
        using var refused = await http.PostAsync("/v1/chat/completions", new StringContent(
            $$"""{"model":"{{GatewaySystem.Model}}","messages":[{"role":"user","content":"Hello."}]}""", Encoding.UTF8, "application/json"));

        var answered = TimeProvider.System.GetUtcNow();
        refused.StatusCode.ShouldBe(HttpStatusCode.PaymentRequired);
        refused.Headers.GetValues("x-should-retry").ShouldBe(["false"]);
        var error = JsonDocument.Parse(await refused.Content.ReadAsStringAsync()).RootElement.GetProperty("error");
        (error.GetProperty("type").GetString(), error.GetProperty("code").GetString()).ShouldBe(("insufficient_quota", code));
        var figures = error.GetProperty("metadata");
        figures.GetProperty("unit").GetString().ShouldBe("tokens");
        (figures.GetProperty("limit").GetInt64(), figures.GetProperty("used").GetInt64(), figures.GetProperty("held").GetInt64()).ShouldBe((quota, quota, 0));
        figures.TryGetProperty("resets_at", out var resetsAt).ShouldBe(resets);
        (refused.Headers.RetryAfter is not null).ShouldBe(resets);
        if (resets)
        {
            // Not the Date header, which the server computes once a second. The header's seconds are rounded up.
            var reset = DateTimeOffset.Parse(resetsAt.GetString()!, CultureInfo.InvariantCulture);
            reset.ShouldBeOneOf(WindowsEnd(code, asked), WindowsEnd(code, answered));
            refused.Headers.RetryAfter!.Delta!.Value.ShouldBeInRange(reset - answered, reset - asked + TimeSpan.FromSeconds(1));
        }

        _system.Provider.CallsOf(GatewaySystem.Model).Count.ShouldBe(calls);
    }

    private static DateTimeOffset WindowsEnd(string code, DateTimeOffset within) => code == "daily_limit_exceeded"
        ? new DateTimeOffset(within.UtcDateTime.Date.AddDays(1), TimeSpan.Zero)
        : new DateTimeOffset(within.Year, within.Month, 1, 0, 0, 0, TimeSpan.Zero).AddMonths(1);

    private async Task<string> IssueAsync(string body)
    {
        using var admin = new HttpClient { BaseAddress = _system.Gateway };
        admin.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", GatewaySystem.AdminKey);
        using var created = await admin.PostAsync("/admin/keys", new StringContent(body, Encoding.UTF8, "application/json"));
        created.StatusCode.ShouldBe(HttpStatusCode.Created);
        return JsonDocument.Parse(await created.Content.ReadAsStringAsync()).RootElement.GetProperty("secret").GetString()!;
    }
}
