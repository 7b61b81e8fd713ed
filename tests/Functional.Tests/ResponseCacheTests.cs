using System.Net;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using LlmGateway.SystemUnderTest;

namespace LlmGateway.Functional.Tests;

/// <summary>Answers that are given again, for nothing.</summary>
[Collection(RunningSystem.Name)]
public sealed partial class ResponseCacheTests(RunningSystem system) : IAsyncLifetime
{
    private readonly string _account = $"cache-{Guid.NewGuid().ToString()[..8]}";
    private HttpClient _http = null!;

    public async Task InitializeAsync() => _http = system.System.Client(await Administrator.IssueKeyAsync(system.System, _account));

    public Task DisposeAsync()
    {
        _http.Dispose();
        return Task.CompletedTask;
    }

    [Theory]
    [InlineData("/v1/chat/completions", "\"messages\":[{\"role\":\"user\",\"content\":\"Hello.\"}]")]
    [InlineData("/v1/chat/completions", "\"stream\":true,\"messages\":[{\"role\":\"user\",\"content\":\"Hello.\"}]")]
    [InlineData("/v1/chat/completions", "\"stream\":true,\"stream_options\":{\"include_usage\":true},\"messages\":[{\"role\":\"user\",\"content\":\"Hello.\"}]")]
    [InlineData("/v1/messages", "\"max_tokens\":9,\"messages\":[{\"role\":\"user\",\"content\":\"Hello.\"}]")]
    [InlineData("/v1/messages", "\"max_tokens\":9,\"stream\":true,\"messages\":[{\"role\":\"user\",\"content\":\"Hello.\"}]")]
    [InlineData("/v1/responses", "\"input\":\"Hello.\"")]
    [InlineData("/v1/responses", "\"stream\":true,\"input\":\"Hello.\"")]
    [InlineData("/v1/completions", "\"prompt\":\"Hello.\"")]
    [InlineData("/v1/embeddings", "\"input\":\"Hello.\"", GatewaySystem.EmbeddingModel)]
    public async Task A_hit_is_the_answer_again_to_the_byte_except_for_its_cost(string path, string body, string model = GatewaySystem.Model)
    {
        var asked = Asked(model);
        var first = await SendAsync(path, $$"""{"model":"{{model}}",{{body}}}""");
        var again = await SendAsync(path, $$"""{ {{body}}, "model" : "{{model}}" }""");

        (first.Status, first.Cache, again.Status, again.Cache).ShouldBe((HttpStatusCode.OK, "miss", HttpStatusCode.OK, "hit"));
        Asked(model).ShouldBe(asked + 1);
        again.MediaType.ShouldBe(first.MediaType);
        again.Body.ShouldBe(Cost().Replace(first.Body, "\"cost\":0"));
        again.RequestId.ShouldNotBe(first.RequestId);
    }

    [Fact]
    public async Task A_hit_is_a_transaction_of_zero_and_a_generation_that_names_its_call()
    {
        var first = await SendAsync("/v1/chat/completions", Chat("Once."));
        var before = await Balance.OfAsync(_http);
        var again = await SendAsync("/v1/chat/completions", Chat("Once."));

        var transaction = await UntilAsync(async () => (await _http.GetFromJsonAsync<JsonElement>("/billing/transactions")).GetProperty("transactions")
            .EnumerateArray().Where(entry => entry.GetProperty("kind").GetString() == "cache_hit").Select(entry => (JsonElement?)entry).SingleOrDefault());
        transaction.GetProperty("request_id").GetString().ShouldBe(again.RequestId);
        transaction.GetProperty("amount").GetDecimal().ShouldBe(0);
        var generation = await _http.GetFromJsonAsync<JsonElement>($"/v1/generations/{again.RequestId}");
        (generation.GetProperty("cached_from").GetString(), generation.GetProperty("cost").GetDecimal()).ShouldBe((first.RequestId, 0));
        (await _http.GetFromJsonAsync<JsonElement>("/usage")).GetProperty("tokens").GetProperty("requests").GetInt64().ShouldBe(2);
        (await Balance.OfAsync(_http)).Total.ShouldBe(before.Total);
    }

    [Fact]
    public async Task Another_account_gets_nothing_of_it_and_another_key_of_the_account_does()
    {
        using var other = system.System.Client(await Administrator.IssueKeyAsync(system.System, $"{_account}-other"));
        using var sibling = system.System.Client(await Administrator.IssueKeyAsync(system.System, _account));
        (await SendAsync("/v1/chat/completions", Chat("Whose?"))).Cache.ShouldBe("miss");

        (await SendAsync("/v1/chat/completions", Chat("Whose?"), other)).Cache.ShouldBe("miss");
        (await SendAsync("/v1/chat/completions", Chat("Whose?"), sibling)).Cache.ShouldBe("hit");
    }

    [Fact]
    public async Task A_key_without_the_right_to_the_model_and_one_that_was_revoked_get_nothing_of_it()
    {
        await SendAsync("/v1/chat/completions", Chat("Rights."));
        using var admin = system.System.Client(GatewaySystem.AdminKey);
        using var issued = await admin.PostAsJsonAsync("/admin/keys", new { name = "narrow", account_id = _account, allowed_models = new[] { "other-*" } });
        using var narrow = system.System.Client((await issued.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("secret").GetString()!);

        (await SendAsync("/v1/chat/completions", Chat("Rights."), narrow)).Status.ShouldBe(HttpStatusCode.Forbidden);

        (await admin.PostAsync(new Uri($"/admin/accounts/{_account}/revoke", UriKind.Relative), null)).EnsureSuccessStatusCode();
        await UntilAsync(async () => (await SendAsync("/v1/chat/completions", Chat("Rights."))).Status == HttpStatusCode.Forbidden ? new JsonElement() : null);
    }

    [Fact]
    public async Task Nothing_is_kept_unasked_and_headers_are_obeyed()
    {
        string?[] Caches(params Seen[] seen) => [.. seen.Select(answer => answer.Cache)];
        var path = "/v1/chat/completions";

        Caches(await SendAsync(path, Chat("Ask."), cache: null), await SendAsync(path, Chat("Ask."), cache: "off"), await SendAsync(path, Chat("Ask."), control: "no-store"))
            .ShouldBe([null, null, null]);
        Caches(await SendAsync(path, Chat("Ask.")), await SendAsync(path, Chat("Ask."), control: "no-cache"), await SendAsync(path, Chat("Ask.")))
            .ShouldBe(["miss", "miss", "hit"]);
        var wrong = await SendAsync(path, Chat("Ask."), cache: "maybe");
        (wrong.Status, wrong.Body.Contains("\"param\":\"x-llm-cache\"", StringComparison.Ordinal)).ShouldBe((HttpStatusCode.BadRequest, true));
    }

    [Theory]
    [InlineData("fake-cut")]
    [InlineData("fake-500")]
    [InlineData("fake-no-finish")]
    public async Task What_failed_or_broke_off_is_not_kept(string model)
    {
        var body = $$"""{"model":"{{model}}","stream":true,"messages":[{"role":"user","content":"Hello."}]}""";
        await SendAsync("/v1/chat/completions", body);

        (await SendAsync("/v1/chat/completions", body)).Cache.ShouldBe("miss");
    }

    [Fact]
    public async Task Many_at_once_get_one_answer_each()
    {
        await SendAsync("/v1/chat/completions", Chat("Many."));
        var asked = Asked(GatewaySystem.Model);

        var seen = await Task.WhenAll(Enumerable.Range(0, 100).Select(_ => SendAsync("/v1/chat/completions", Chat("Many."))));

        seen.ShouldAllBe(answer => answer.Cache == "hit");
        seen.Select(answer => answer.Body).Distinct().ShouldHaveSingleItem();
        Asked(GatewaySystem.Model).ShouldBe(asked);
    }

    [GeneratedRegex("\"cost\":[0-9.]+", RegexOptions.None, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Cost();

    private static string Chat(string prompt) => $$"""{"model":"{{GatewaySystem.Model}}","messages":[{"role":"user","content":"{{prompt}}"}]}""";

    private int Asked(string model) => system.Provider.Calls.Count(call => call.Model == model);

    private async Task<Seen> SendAsync(string path, string body, HttpClient? http = null, string? cache = "on", string? control = null)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, path) { Content = new StringContent(body, Encoding.UTF8, "application/json") };
        if (cache is not null)
        {
            request.Headers.Add("x-llm-cache", cache);
        }

        request.Headers.TryAddWithoutValidation("cache-control", control ?? "max-age=60");
        using var response = await (http ?? _http).SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
        string text;
        try
        {
            text = await response.Content.ReadAsStringAsync();
        }
        catch (HttpRequestException)
        {
            text = "cut";
        }

        return new(
            response.StatusCode, text, response.Content.Headers.ContentType?.MediaType,
            response.Headers.TryGetValues("x-llm-cache", out var values) ? values.Single() : null, response.Headers.GetValues("x-request-id").Single());
    }

    private static async Task<JsonElement> UntilAsync(Func<Task<JsonElement?>> look)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(20));
        while (true)
        {
            if (await look() is { } found)
            {
                return found;
            }

            await Task.Delay(TimeSpan.FromMilliseconds(20), limit.Token);
        }
    }

    private sealed record Seen(HttpStatusCode Status, string Body, string? MediaType, string? Cache, string RequestId);
}
