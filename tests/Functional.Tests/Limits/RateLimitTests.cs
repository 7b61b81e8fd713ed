using System.Globalization;
using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using LlmGateway.SystemUnderTest;

namespace LlmGateway.Functional.Tests.Limits;

/// <summary>Limits as clients meet them, counted in the system's own Redis. Each test has a key with limits of its own.</summary>
[Collection(RunningSystem.Name)]
public sealed class RateLimitTests(RunningSystem running)
{
    private static readonly object Hello = new { model = GatewaySystem.Model, max_tokens = 5, messages = new[] { new { role = "user", content = "Hello." } } };

    [Fact]
    public async Task Answers_say_what_is_left_and_a_refusal_which_limit_and_when_to_come_back()
    {
        using var http = await ClientAsync(new { requests_per_minute = 2, requests_per_hour = 100 });

        using var first = await PostAsync(http, "/v1/chat/completions", Hello);
        using var second = await PostAsync(http, "/v1/chat/completions", Hello);
        using var refused = await PostAsync(http, "/v1/chat/completions", Hello);

        first.StatusCode.ShouldBe(HttpStatusCode.OK);
        (Header(first, "x-ratelimit-limit-requests"), Header(first, "x-ratelimit-remaining-requests")).ShouldBe(("2", "1"));
        Header(first, "x-ratelimit-reset-requests").ShouldBeOneOf("1m0s", "1m1s");
        Header(second, "x-ratelimit-remaining-requests").ShouldBe("0");

        refused.StatusCode.ShouldBe(HttpStatusCode.TooManyRequests);
        Header(refused, "x-ratelimit-remaining-requests").ShouldBe("0");
        var error = (await refused.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("error");
        (error.GetProperty("type").GetString(), error.GetProperty("code").GetString()).ShouldBe(("rate_limit_error", "rate_limit_exceeded"));
        error.GetProperty("message").GetString()!.ShouldStartWith("Rate limit reached for requests per minute of this key: limit 2, used 2. Try again in ");
        var metadata = error.GetProperty("metadata");
        (metadata.GetProperty("scope").GetString(), metadata.GetProperty("unit").GetString()).ShouldBe(("key", "requests"));
        (metadata.GetProperty("window_seconds").GetInt32(), metadata.GetProperty("limit").GetInt32(), metadata.GetProperty("used").GetInt32()).ShouldBe((60, 2, 2));

        var milliseconds = int.Parse(Header(refused, "retry-after-ms")!, CultureInfo.InvariantCulture);
        milliseconds.ShouldBeInRange(30_000, 60_600);
        refused.Headers.RetryAfter!.Delta!.Value.TotalMilliseconds.ShouldBeInRange(milliseconds, milliseconds + 1_000);
        metadata.GetProperty("resets_at").GetDateTime().ShouldBe(refused.Headers.Date!.Value.UtcDateTime.AddMilliseconds(milliseconds), TimeSpan.FromSeconds(2));
    }

    [Fact]
    public async Task Clients_of_Messages_see_limits_in_the_way_of_Anthropic()
    {
        using var http = await ClientAsync(new { requests_per_minute = 1, tokens_per_minute = 10_000 });

        using var first = await PostAsync(http, "/v1/messages", Hello);
        using var refused = await PostAsync(http, "/v1/messages", Hello);

        first.StatusCode.ShouldBe(HttpStatusCode.OK);
        (Header(first, "anthropic-ratelimit-requests-limit"), Header(first, "anthropic-ratelimit-requests-remaining")).ShouldBe(("1", "0"));
        Header(first, "anthropic-ratelimit-tokens-limit").ShouldBe("10000");
        DateTimeOffset.ParseExact(Header(first, "anthropic-ratelimit-requests-reset")!, "yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal)
            .ShouldBe(first.Headers.Date!.Value.AddSeconds(60), TimeSpan.FromSeconds(3));
        Header(first, "x-ratelimit-limit-requests").ShouldBeNull();

        refused.StatusCode.ShouldBe(HttpStatusCode.TooManyRequests);
        var body = await refused.Content.ReadFromJsonAsync<JsonElement>();
        body.GetProperty("type").GetString().ShouldBe("error");
        body.GetProperty("error").GetProperty("type").GetString().ShouldBe("rate_limit_error");
        body.GetProperty("error").GetProperty("details").GetProperty("metadata").GetProperty("scope").GetString().ShouldBe("key");
        Header(refused, "retry-after").ShouldNotBeNull();
    }

    [Fact]
    public async Task A_request_that_any_later_step_refuses_leaves_every_counter_as_it_was()
    {
        using var http = await ClientAsync(new { requests_per_minute = 50, tokens_per_minute = 100_000_000, parallel = 5 }, allowed: ["fake-*"]);
        using var warm = await PostAsync(http, "/v1/chat/completions", Hello);
        var before = await CountersAsync(http);

        foreach (var (body, status) in new (object Body, HttpStatusCode Status)[]
        {
            (new { model = GatewaySystem.Model }, HttpStatusCode.BadRequest),
            (new { model = "gpt-4o", messages = new[] { new { role = "user", content = "Hello." } } }, HttpStatusCode.Forbidden),
            (new { model = "fake-nobody-has", messages = new[] { new { role = "user", content = "Hello." } } }, HttpStatusCode.NotFound),
            (new { model = "fake-dear", max_tokens = 100_000, messages = new[] { new { role = "user", content = "Hello." } } }, HttpStatusCode.TooManyRequests),
        })
        {
            using var response = await PostAsync(http, "/v1/chat/completions", body);
            response.StatusCode.ShouldBe(status, await response.Content.ReadAsStringAsync());
        }

        (await CountersAsync(http)).ShouldBe(before);
        before.ShouldStartWith("requests_per_minute 1;");
        before.ShouldContain("parallel 0;");
    }

    [Fact]
    public async Task Tokens_are_those_that_were_used_when_the_call_has_ended_and_no_maximum_is_asked_for()
    {
        using var http = await ClientAsync(new { requests_per_minute = 50, tokens_per_minute = 500, parallel = 1 });

        foreach (var stream in (bool[])[false, true, false])
        {
            using var response = await PostAsync(
                http, "/v1/chat/completions", new { model = GatewaySystem.Model, stream, messages = new[] { new { role = "user", content = "Hello." } } });
            response.StatusCode.ShouldBe(HttpStatusCode.OK);
            Header(response, "x-ratelimit-limit-tokens").ShouldBe("500");
            await response.Content.ReadAsStringAsync();
        }

        var limits = await LimitsAsync(http);
        var tokens = limits["tokens_per_minute"].GetProperty("used").GetInt64();
        tokens.ShouldBe(limits["total_tokens"].GetProperty("used").GetInt64());
        tokens.ShouldBeInRange(1, 499);
    }

    [Fact]
    public async Task The_account_s_pages_show_how_limits_stand_and_count_by_themselves()
    {
        using var http = await ClientAsync(new { requests_per_minute = 3, requests_per_hour = 2 });
        using var call = await PostAsync(http, "/v1/chat/completions", Hello);

        for (var read = 0; read < 6; read++)
        {
            var rate = await http.GetFromJsonAsync<JsonElement>("/rate-limit");
            rate.GetProperty("api_key").GetString()!.ShouldEndWith("...");
            (rate.GetProperty("limit").GetInt32(), rate.GetProperty("window_seconds").GetInt32(), rate.GetProperty("current_count").GetInt32(), rate.GetProperty("remaining").GetInt32())
                .ShouldBe((2, 3600, 1, 1));
            rate.GetProperty("storage").GetString().ShouldBe("redis");
            (await http.GetFromJsonAsync<JsonElement>("/usage")).GetProperty("rate_limit").GetProperty("current_count").GetInt32().ShouldBe(1);
        }

        var minute = (await LimitsAsync(http))["requests_per_minute"];
        minute.GetProperty("resets_at").GetDateTime().ShouldBeGreaterThan(call.Headers.Date!.Value.UtcDateTime);
        (minute.GetProperty("limit").GetInt32(), minute.GetProperty("used").GetInt32(), minute.GetProperty("remaining").GetInt32()).ShouldBe((3, 1, 2));

        // Ten times two an hour, those above among them.
        using var last = await ReadUntilRefusedAsync(http);
        (await last.Content.ReadAsStringAsync()).ShouldContain("account requests per hour of this key: limit 20, used 20");
        using var stillACall = await PostAsync(http, "/v1/chat/completions", Hello);
        stillACall.StatusCode.ShouldBe(HttpStatusCode.OK);
    }

    private static async Task<HttpResponseMessage> ReadUntilRefusedAsync(HttpClient http)
    {
        for (var read = 0; ; read++)
        {
            var response = await http.GetAsync(new Uri("/billing/balance", UriKind.Relative));
            if (response.StatusCode == HttpStatusCode.TooManyRequests)
            {
                return response;
            }

            response.Dispose();
            read.ShouldBeLessThan(20);
        }
    }

    private async Task<HttpClient> ClientAsync(object limits, string[]? allowed = null)
    {
        var account = $"limits-{Guid.NewGuid().ToString("N")[..8]}";
        using var admin = running.System.Client(GatewaySystem.AdminKey);
        using var response = await admin.PostAsJsonAsync("/admin/keys", new { name = account, account_id = account, limits, allowed_models = allowed ?? [] });
        var body = await response.Content.ReadFromJsonAsync<JsonElement>();
        response.IsSuccessStatusCode.ShouldBeTrue(body.ToString());
        return running.System.Client(body.GetProperty("secret").GetString()!);
    }

    private static async Task<HttpResponseMessage> PostAsync(HttpClient http, string path, object body) => await http.PostAsJsonAsync(path, body);

    private static string? Header(HttpResponseMessage response, string name) =>
        response.Headers.TryGetValues(name, out var values) ? values.Single() : null;

    private static async Task<Dictionary<string, JsonElement>> LimitsAsync(HttpClient http) =>
        (await http.GetFromJsonAsync<JsonElement>("/limits")).GetProperty("limits").EnumerateArray().ToDictionary(limit => limit.GetProperty("name").GetString()!);

    private static async Task<string> CountersAsync(HttpClient http)
    {
        var limits = await LimitsAsync(http);
        return string.Concat(((string[])["requests_per_minute", "requests_per_hour", "tokens_per_minute", "parallel"]).Select(name => $"{name} {limits[name].GetProperty("used")};"));
    }
}
