using System.Net;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using LlmGateway.FakeProvider;
using LlmGateway.SystemUnderTest;

namespace LlmGateway.Functional.Tests;

[Collection(RunningSystem.Name)]
public sealed class ChatTests(RunningSystem system)
{
    [Fact]
    public async Task A_plain_call_answers_with_usage_and_its_exact_cost()
    {
        var answer = await new ChatCall(system.Http, GatewaySystem.Model).PlainAsync();

        answer.Content.ShouldBe("word0 word1 word2 ");
        answer.FinishReason.ShouldBe("stop");
        answer.Usage!.Value.GetProperty("prompt_tokens").GetInt64().ShouldBe(2);
        answer.Usage!.Value.GetProperty("completion_tokens").GetInt64().ShouldBe(3);
        answer.Cost.ShouldBe(FakeChatPrice.Of(2, 3));
    }

    [Fact]
    public async Task A_stream_ends_with_one_usage_chunk_the_cost_and_the_terminator()
    {
        var answer = await new ChatCall(system.Http, GatewaySystem.Model).StreamAsync();

        answer.Content.ShouldBe("word0 word1 word2 ");
        answer.FinishReason.ShouldBe("stop");
        answer.Cost.ShouldBe(FakeChatPrice.Of(2, 3));
        answer.Ended.ShouldBeTrue();
        answer.Cut.ShouldBeFalse();
    }

    [Fact]
    public async Task A_chunk_reaches_the_client_while_the_provider_still_writes()
    {
        var middle = new Gate();
        system.Provider.On(GatewaySystem.Model, new Script { MiddleGate = middle }, new Script());
        var call = new ChatCall(system.Http, GatewaySystem.Model);

        var answer = call.StreamAsync();
        await middle.ReachedAsync();
        await call.FirstContent.WaitAsync(TimeSpan.FromSeconds(10));
        answer.IsCompleted.ShouldBeFalse();
        middle.Open();

        (await answer).Ended.ShouldBeTrue();
    }

    [Fact]
    public async Task The_stream_path_streams_whatever_the_body_says()
    {
        using var content = Body($$"""{"model":"{{GatewaySystem.Model}}","messages":[{"role":"user","content":"Hello."}],"stream":false}""");
        using var response = await system.Http.PostAsync(new Uri("/v1/chat/completions/stream", UriKind.Relative), content);

        response.Content.Headers.ContentType!.MediaType.ShouldBe("text/event-stream");
        (await response.Content.ReadAsStringAsync()).ShouldEndWith("data: [DONE]\n\n");
    }

    [Fact]
    public async Task Without_include_usage_no_chunk_is_without_choices()
    {
        using var content = Body($$"""{"model":"{{GatewaySystem.Model}}","messages":[{"role":"user","content":"Hello."}],"stream":true}""");
        using var response = await system.Http.PostAsync(new Uri("/v1/chat/completions", UriKind.Relative), content);

        var chunks = (await response.Content.ReadAsStringAsync()).Split("\n\n", StringSplitOptions.RemoveEmptyEntries)
            .Select(line => line["data: ".Length..]).Where(data => data != "[DONE]").Select(data => JsonDocument.Parse(data).RootElement);
        chunks.ShouldAllBe(chunk => chunk.GetProperty("choices").GetArrayLength() == 1);
    }

    [Fact]
    public async Task Unknown_fields_reach_the_provider_as_they_were_written()
    {
        const string odd = "\"x_odd\": { \"deep\": [1, 2.50, \"\\u00e9\"] }";
        using var content = Body($$"""{"model":"{{GatewaySystem.Model}}", {{odd}}, "messages":[{"role":"user","content":"odd fields"}]}""");

        (await system.Http.PostAsync(new Uri("/v1/chat/completions", UriKind.Relative), content)).EnsureSuccessStatusCode();

        system.Provider.Calls.Select(call => Encoding.UTF8.GetString(call.Body)).Single(body => body.Contains("odd fields")).ShouldContain(odd);
    }

    [Fact]
    public async Task The_models_are_those_of_the_catalogue()
    {
        var list = await system.Http.GetFromJsonAsync<JsonElement>("/v1/models");
        var array = await system.Http.GetFromJsonAsync<JsonElement>("/v1/models?format=array");

        list.GetProperty("object").GetString().ShouldBe("list");
        var ids = list.GetProperty("data").EnumerateArray().Select(model => model.GetProperty("id").GetString()).ToList();
        ids.ShouldContain(GatewaySystem.Model);
        array.EnumerateArray().Select(model => model.GetProperty("id").GetString()).ShouldBe(ids);
        (await system.Http.GetAsync(new Uri("/v1/models/no-such-model", UriKind.Relative))).StatusCode.ShouldBe(HttpStatusCode.NotFound);
    }

    [Fact]
    public async Task A_finished_call_is_the_newest_transaction()
    {
        var answer = await new ChatCall(system.Http, GatewaySystem.Model).PlainAsync();
        var balance = await Balance.OfAsync(system.Http);

        var page = await system.Http.GetFromJsonAsync<JsonElement>("/billing/transactions?limit=1");
        page.GetProperty("user_id").GetString().ShouldBe("default");
        page.GetProperty("limit").GetInt32().ShouldBe(1);
        page.GetProperty("total").GetInt32().ShouldBeGreaterThanOrEqualTo(2);
        var newest = page.GetProperty("transactions")[0];
        newest.GetProperty("id").GetString().ShouldStartWith("txn_");
        newest.GetProperty("kind").GetString().ShouldBe("charge");
        newest.GetProperty("amount").GetDecimal().ShouldBe(-answer.Cost);
        newest.GetProperty("request_id").GetString().ShouldBe(answer.RequestId);
        newest.GetProperty("description").GetString().ShouldBe($"Chat completion with {GatewaySystem.Model}");
        newest.GetProperty("balance_after").GetDecimal().ShouldBe(balance.Total);
    }

    [Theory]
    [InlineData("/")]
    [InlineData("/health")]
    [InlineData("/alive")]
    [InlineData("/ready")]
    public async Task The_service_speaks_of_itself_to_anybody(string path)
    {
        using var anybody = new HttpClient { BaseAddress = system.Gateway };

        (await anybody.GetAsync(new Uri(path, UriKind.Relative))).StatusCode.ShouldBe(HttpStatusCode.OK);
    }

    [Fact]
    public async Task Health_names_every_part()
    {
        var health = await system.Http.GetFromJsonAsync<JsonElement>("/health");

        health.GetProperty("status").GetString().ShouldBe("healthy");
        health.GetProperty("environment").GetString().ShouldBe("development", StringCompareShould.IgnoreCase);
        var checks = health.GetProperty("checks").EnumerateObject().Select(check => check.Name).ToList();
        new[] { "keys", "billing", "routing", "redis" }.ShouldBeSubsetOf(checks);
    }

    private static StringContent Body(string json) => new(json, Encoding.UTF8, "application/json");
}
