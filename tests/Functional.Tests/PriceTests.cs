using System.Net;
using System.Text;
using System.Text.Json;
using LlmGateway.SystemUnderTest;

namespace LlmGateway.Functional.Tests;

/// <summary>Prices over HTTP, through the gateway to Billing and its database.</summary>
[Collection(RunningSystem.Name)]
public sealed class PriceTests(RunningSystem system) : IDisposable
{
    private readonly HttpClient _http = ClientOf(system);
    private readonly string _model = $"model-{Guid.NewGuid().ToString()[..8]}";

    [Fact]
    public async Task A_price_is_set_planned_listed_and_withdrawn()
    {
        var set = await PostAsync("/admin/prices", $$"""{"provider":"openai","model":"{{_model}}","input":2.500000001,"output":10}""");
        var planned = await PostAsync(
            "/admin/prices", $$"""{"provider":"openai","model":"{{_model}}","input":3,"output":12,"effective_from":"2099-01-01T00:00:00Z"}""");
        var listed = await GetAsync($"/admin/prices?provider=openai&model={_model}");
        var one = await GetAsync($"/admin/prices/{set.Body.GetProperty("id").GetInt64()}");
        var withdrawn = await PostAsync("/admin/prices", $$"""{"provider":"openai","model":"{{_model}}","withdraw":true}""");

        set.Status.ShouldBe(HttpStatusCode.Created);
        set.Body.GetProperty("input").GetRawText().ShouldBe("2.500000001");
        States(listed).ShouldBe(["planned", "in_force"]);
        one.Body.GetRawText().ShouldBe(set.Body.GetRawText());
        set.Body.GetProperty("actor").GetProperty("account_id").GetString().ShouldBe("admin");
        planned.Body.GetProperty("effective_from").GetString().ShouldBe("2099-01-01T00:00:00Z");
        withdrawn.Body.GetProperty("state").GetString().ShouldBe("withdrawn");
    }

    [Fact]
    public async Task The_shipped_prices_are_in_force()
    {
        var price = (await GetAsync("/admin/prices?provider=gemini&model=gemini-4-argon&state=planned")).Body.GetProperty("data")[0];

        price.GetProperty("source").GetString().ShouldBe("file");
        price.GetProperty("effective_from").GetString().ShouldBe("2026-12-01T00:00:00Z");
        price.GetProperty("input").GetRawText().ShouldBe("4");
    }

    [Fact]
    public async Task What_Billing_refuses_names_the_field_as_the_client_wrote_it()
    {
        var past = await PostAsync(
            "/admin/prices", """{"provider":"p","model":"m","input":1,"output":1,"effective_from":"2020-01-01T00:00:00Z"}""");
        var tiers = await PostAsync("/admin/prices", """{"provider":"p","model":"m","input":1,"output":1,"tiers":[{"input":1}]}""");
        var none = await GetAsync("/admin/prices/999999999");
        var period = await PostAsync("/admin/prices/rerate", """{"from":"2026-01-02T00:00:00Z","to":"2026-01-01T00:00:00Z"}""");

        Param(past).ShouldBe((HttpStatusCode.BadRequest, "effective_from"));
        Param(tiers).ShouldBe((HttpStatusCode.BadRequest, "tiers[0].prompt_tokens_above"));
        Param(none).ShouldBe((HttpStatusCode.NotFound, null));
        Param(period).ShouldBe((HttpStatusCode.BadRequest, "to"));
    }

    [Fact]
    public async Task A_period_without_charges_is_done_at_once()
    {
        var rerate = $$"""{"from":"2020-01-01T00:00:00Z","to":"2099-01-01T00:00:00Z","model":"openai/{{_model}}"}""";
        var nothing = await PostAsync("/admin/prices/rerate", rerate);

        nothing.Body.GetRawText().ShouldBe(
            """{"object":"rerating","examined":0,"adjusted":0,"charged":0,"given_back":0,"written_off":0,"unpriced":0,"refunded":0,"next_cursor":null}""");
    }

    public void Dispose() => _http.Dispose();

    private static HttpClient ClientOf(RunningSystem system)
    {
        var client = new HttpClient { BaseAddress = system.Gateway };
        client.DefaultRequestHeaders.Authorization = new("Bearer", GatewaySystem.AdminKey);
        return client;
    }

    private static IEnumerable<string?> States(Answer answer) =>
        answer.Body.GetProperty("data").EnumerateArray().Select(price => price.GetProperty("state").GetString());

    private static (HttpStatusCode Status, string? Param) Param(Answer answer) =>
        (answer.Status, answer.Body.GetProperty("error").GetProperty("param").GetString());

    private async Task<Answer> GetAsync(string path)
    {
        using var response = await _http.GetAsync(new Uri(path, UriKind.Relative));
        return new(response.StatusCode, JsonElement.Parse(await response.Content.ReadAsStringAsync()));
    }

    private async Task<Answer> PostAsync(string path, string body)
    {
        using var content = new StringContent(body, Encoding.UTF8, "application/json");
        using var response = await _http.PostAsync(new Uri(path, UriKind.Relative), content);
        return new(response.StatusCode, JsonElement.Parse(await response.Content.ReadAsStringAsync()));
    }

    private sealed record Answer(HttpStatusCode Status, JsonElement Body);
}
