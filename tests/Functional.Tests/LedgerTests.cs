using System.Net;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using LlmGateway.SystemUnderTest;

namespace LlmGateway.Functional.Tests;

/// <summary>What an administrator does to the ledger, over HTTP to Billing and its database; each test has an account and a key of its own.</summary>
[Collection(RunningSystem.Name)]
public sealed class LedgerTests(RunningSystem system) : IAsyncLifetime
{
    private readonly string _account = $"ledger-{Guid.NewGuid().ToString()[..8]}";
    private readonly HttpClient _admin = new() { BaseAddress = system.Gateway };
    private readonly HttpClient _customer = new() { BaseAddress = system.Gateway };

    public async Task InitializeAsync()
    {
        _admin.DefaultRequestHeaders.Authorization = new("Bearer", GatewaySystem.AdminKey);
        _customer.DefaultRequestHeaders.Authorization = new("Bearer", await IssueAsync());
    }

    public Task DisposeAsync()
    {
        _admin.Dispose();
        _customer.Dispose();
        return Task.CompletedTask;
    }

    [Fact]
    public async Task A_top_up_that_is_sent_again_and_again_at_once_is_booked_once()
    {
        var answers = await Task.WhenAll(Enumerable.Range(0, 20).Select(_ =>
            SendAsync(HttpMethod.Post, $"/admin/accounts/{_account}/top-ups", """{"amount":12.5,"note":"invoice 7"}""", key: $"{_account} 1")));
        var other = await SendAsync(HttpMethod.Post, $"/admin/accounts/{_account}/top-ups", $$"""{"amount":13,"note":"invoice 7","idempotency_key":"{{_account}} 1"}""");

        answers.ShouldAllBe(answer => answer.Status == HttpStatusCode.Created);
        var booked = answers.Select(answer => answer.Body.GetRawText()).Distinct().ShouldHaveSingleItem();
        answers.Count(answer => answer.Replayed).ShouldBe(19);
        var body = JsonElement.Parse(booked);
        (Text(body, "kind"), Text(body, "account_id"), Raw(body, "amount"), Raw(body, "balance_after"), Text(body, "note"))
            .ShouldBe(("top_up", _account, "12.5", "112.5", "invoice 7"));
        Text(body.GetProperty("actor"), "account_id").ShouldBe("admin");
        Text(body.GetProperty("actor"), "key_id").ShouldNotBeNullOrEmpty();
        other.Error.ShouldBe((HttpStatusCode.Conflict, "idempotency_key_reused", "idempotency_key"));
        (await BalanceAsync()).ShouldBe(112.5m);
    }

    [Fact]
    public async Task A_call_is_looked_up_and_given_back_by_administrators_and_seen_by_its_key_only()
    {
        var call = await new ChatCall(_customer, GatewaySystem.Model) { MaxTokens = 50 }.PlainAsync();
        using var stranger = new HttpClient { BaseAddress = system.Gateway };
        stranger.DefaultRequestHeaders.Authorization = new("Bearer", await IssueAsync());

        var own = await GetAsync(_customer, $"/v1/generations/{call.RequestId}");
        var admins = await GetAsync(_admin, $"/v1/generations/{call.RequestId}");
        (await GetAsync(stranger, $"/v1/generations/{call.RequestId}")).Error.ShouldBe((HttpStatusCode.NotFound, "not_found", "id"));
        (await GetAsync(_customer, "/v1/generations/nothing")).Error.ShouldBe((HttpStatusCode.NotFound, "not_found", "id"));

        (Text(own.Body, "state"), Text(own.Body, "model"), own.Body.GetProperty("cost").GetDecimal()).ShouldBe(("settled", GatewaySystem.Model, call.Cost));
        own.Body.TryGetProperty("internals", out _).ShouldBeFalse();
        admins.Body.GetProperty("internals").GetProperty("provider_cost").GetDecimal().ShouldBeInRange(call.Cost / 1.3m, call.Cost);

        var over = await SendAsync(HttpMethod.Post, $"/admin/generations/{call.RequestId}/refunds", $$"""{"amount":{{call.Cost + 1}}}""");
        over.Error.ShouldBe((HttpStatusCode.Conflict, "refund_exceeds_payment", "amount"));
        over.Body.GetProperty("error").GetProperty("metadata").GetProperty("paid").GetDecimal().ShouldBe(call.Cost);
        var refund = await SendAsync(HttpMethod.Post, $"/admin/generations/{call.RequestId}/refunds", """{"note":"sorry"}""");
        (refund.Status, refund.Body.GetProperty("amount").GetDecimal(), refund.Body.GetProperty("balance_after").GetDecimal()).ShouldBe((HttpStatusCode.Created, call.Cost, 100m));
        (await SendAsync(HttpMethod.Post, $"/admin/generations/{call.RequestId}/refunds", "{}")).Error.ShouldBe((HttpStatusCode.Conflict, "nothing_to_refund", "id"));
        (await SendAsync(HttpMethod.Post, "/admin/generations/req_00000000000000000000000000/refunds", "{}")).Error.ShouldBe((HttpStatusCode.NotFound, "not_found", "id"));
        (await GetAsync(_customer, $"/v1/generations/{call.RequestId}")).Body.GetProperty("refunded").GetDecimal().ShouldBe(call.Cost);
    }

    [Fact]
    public async Task Adjustments_and_overdrafts_are_bounded_by_what_is_there()
    {
        var path = $"/admin/accounts/{_account}";

        var refused = await SendAsync(HttpMethod.Post, $"{path}/adjustments", """{"amount":-100.000000001,"note":"too much"}""");
        refused.Error.ShouldBe((HttpStatusCode.Conflict, "insufficient_balance", "amount"));
        Raw(refused.Body.GetProperty("error").GetProperty("metadata"), "available").ShouldBe("100");
        Raw((await SendAsync(HttpMethod.Put, $"{path}/overdraft", """{"overdraft":5}""")).Body, "available").ShouldBe("105");
        Raw((await SendAsync(HttpMethod.Post, $"{path}/adjustments", """{"amount":-104,"note":"a fee"}""")).Body, "balance_after").ShouldBe("-4");
        (await SendAsync(HttpMethod.Put, $"{path}/overdraft", """{"overdraft":3.999999999}""")).Error
            .ShouldBe((HttpStatusCode.Conflict, "insufficient_balance", "overdraft"));
        Raw((await SendAsync(HttpMethod.Put, $"{path}/overdraft", """{"overdraft":4,"note":"less"}""")).Body, "available").ShouldBe("0");
    }

    [Fact]
    public async Task An_account_that_nobody_made_gets_no_money_and_no_other_fault_books_anything()
    {
        var typo = $"{_account}-typo";

        (await SendAsync(HttpMethod.Post, $"/admin/accounts/{typo}/top-ups", """{"amount":1}""")).Error.Status.ShouldBe(HttpStatusCode.NotFound);
        (await SendAsync(HttpMethod.Post, $"/admin/accounts/{_account}/top-ups", """{"amount":-1}""")).Error.ShouldBe((HttpStatusCode.BadRequest, "invalid_value", "amount"));
        (await SendAsync(HttpMethod.Post, $"/admin/accounts/{_account}/top-ups", """{"amount":1,"note":"a\u0007b"}""")).Error.ShouldBe((HttpStatusCode.BadRequest, "invalid_value", "note"));
        (await SendAsync(HttpMethod.Post, $"/admin/accounts/{_account}/top-ups", """{"amount":1,"note":7}""")).Error.ShouldBe((HttpStatusCode.BadRequest, "invalid_value", "note"));
        (await SendAsync(HttpMethod.Post, $"/admin/accounts/{_account}/top-ups", """{"amount":1,"reason":"?"}""")).Error.ShouldBe((HttpStatusCode.BadRequest, "invalid_value", "reason"));
        (await BalanceAsync()).ShouldBe(100m);
    }

    [Fact]
    public async Task Pages_by_cursor_have_every_transaction_once_while_more_are_booked()
    {
        for (var amount = 1; amount <= 5; amount++)
        {
            await SendAsync(HttpMethod.Post, $"/admin/accounts/{_account}/top-ups", $$"""{"amount":{{amount}}}""");
        }

        var seen = new List<decimal>();
        for (string? cursor = "", path = "/billing/transactions?limit=2"; cursor is not null; path = $"/billing/transactions?limit=2&cursor={cursor}")
        {
            var page = (await GetAsync(_customer, path)).Body;
            seen.AddRange(page.GetProperty("transactions").EnumerateArray().Select(transaction => transaction.GetProperty("amount").GetDecimal()));
            cursor = Text(page, "next_cursor");
            await SendAsync(HttpMethod.Post, $"/admin/accounts/{_account}/top-ups", """{"amount":9}""");
        }

        seen.ShouldBe([5, 4, 3, 2, 1, 100]);
    }

    [Fact]
    public async Task The_ledger_of_a_running_system_adds_up()
    {
        var verified = (await GetAsync(_admin, "/admin/ledger/verify")).Body;

        verified.GetProperty("passed").GetBoolean().ShouldBeTrue(verified.GetRawText());
        verified.GetProperty("checks").EnumerateArray().Select(check => Text(check, "name"))
            .ShouldBe(["balance", "posting", "entry", "running", "held", "charge", "provider_cost", "settled", "booking", "cache_hit", "usage", "window"]);
    }

    [Fact]
    public async Task An_operator_sees_an_account_s_money_usage_and_alerts_and_not_what_calls_cost_us()
    {
        var path = $"/admin/accounts/{_account}";
        await new ChatCall(_customer, GatewaySystem.Model) { MaxTokens = 50 }.PlainAsync();
        await SendAsync(HttpMethod.Put, $"{path}/overdraft", """{"overdraft":5}""");
        await SendAsync(HttpMethod.Put, $"{path}/alerts", """{"alerts":[{"amount":50,"window":"day"}]}""");
        using var reader = new HttpClient { BaseAddress = system.Gateway };
        reader.DefaultRequestHeaders.Authorization = new("Bearer", await IssueAsync("operator"));
        var today = TimeProvider.System.GetUtcNow();
        string[] paths =
            [$"{path}/usage", "/admin/stats", $"/admin/reports/spend?from={today.AddDays(-1):yyyy-MM-dd}&to={today.AddDays(1):yyyy-MM-dd}&account={_account}"];

        foreach (var read in paths)
        {
            (await GetAsync(reader, read)).Body.GetRawText().ShouldNotContain("provider_cost");
            (await GetAsync(_admin, read)).Body.GetRawText().ShouldContain("provider_cost");
        }

        var usage = (await GetAsync(reader, $"{path}/usage")).Body;
        var own = (await GetAsync(_customer, "/billing/balance")).Body;
        usage.GetProperty("available").GetDecimal().ShouldBe(usage.GetProperty("balance").GetDecimal() + 5);
        (Raw(usage, "balance"), Raw(usage, "available"), Raw(usage, "overdraft")).ShouldBe((Raw(own, "balance"), Raw(own, "available"), "5"));
        var alerts = (await GetAsync(reader, $"{path}/alerts")).Body;
        Text(alerts.GetProperty("set_by"), "account_id").ShouldBe("admin");
    }

    [Fact]
    public async Task What_is_not_there_is_404_and_what_is_wrong_in_the_path_is_named_as_the_path_names_it()
    {
        var typo = $"/admin/accounts/{_account}-typo";

        (await GetAsync(_admin, $"{typo}/usage")).Error.Status.ShouldBe(HttpStatusCode.NotFound);
        (await GetAsync(_admin, $"{typo}/alerts")).Error.Status.ShouldBe(HttpStatusCode.NotFound);
        (await SendAsync(HttpMethod.Delete, $"{typo}/alerts", "{}")).Error.Status.ShouldBe(HttpStatusCode.NotFound);
        var refused = await SendAsync(HttpMethod.Post, "/admin/generations/nothing/refunds", "{}");
        refused.Error.ShouldBe((HttpStatusCode.BadRequest, "invalid_value", "id"));
        Text(refused.Body.GetProperty("error"), "message")!.ShouldStartWith("'id' ");
    }

    private async Task<string> IssueAsync(string role = "account")
    {
        var key = await SendAsync(HttpMethod.Post, "/admin/keys", $$"""{"name":"k-{{Guid.NewGuid().ToString()[..8]}}","account_id":"{{_account}}","role":"{{role}}"}""");
        return Text(key.Body, "secret")!;
    }

    private async Task<decimal> BalanceAsync() => (await GetAsync(_customer, "/billing/balance")).Body.GetProperty("balance").GetDecimal();

    private static async Task<Answer> GetAsync(HttpClient http, string path)
    {
        using var response = await http.GetAsync(new Uri(path, UriKind.Relative));
        return await Answer.OfAsync(response);
    }

    private async Task<Answer> SendAsync(HttpMethod method, string path, string body, string? key = null)
    {
        using var request = new HttpRequestMessage(method, path) { Content = new StringContent(body, Encoding.UTF8, "application/json") };
        if (!body.Contains("idempotency_key"))
        {
            request.Headers.Add("Idempotency-Key", key ?? Guid.NewGuid().ToString());
        }

        using var response = await _admin.SendAsync(request);
        return await Answer.OfAsync(response);
    }

    private static string? Text(JsonElement body, string name) => body.GetProperty(name).GetString();

    private static string Raw(JsonElement body, string name) => body.GetProperty(name).GetRawText();

    private sealed record Answer(HttpStatusCode Status, JsonElement Body, bool Replayed)
    {
        public (HttpStatusCode Status, string? Code, string? Param) Error =>
            (Status, Text(Body.GetProperty("error"), "code"), Text(Body.GetProperty("error"), "param"));

        public static async Task<Answer> OfAsync(HttpResponseMessage response) => new(
            response.StatusCode, await response.Content.ReadFromJsonAsync<JsonElement>(), response.Headers.Contains("Idempotent-Replayed"));
    }
}
