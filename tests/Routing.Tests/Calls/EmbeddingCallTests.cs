using System.Text.Json;
using LlmGateway.FakeProvider;
using LlmGateway.Protos.Routing.V1;
using LlmGateway.Routing.Tests.Running;

namespace LlmGateway.Routing.Tests.Calls;

/// <summary>Embeddings: held for and charged by their input alone, in the form that the client asked for.</summary>
[Collection(SharedRouting.Name)]
public sealed class EmbeddingCallTests(RoutingFixture fixture)
{
    private const long Grant = 100_000_000_000;

    [Theory]
    [InlineData("float")]
    [InlineData("base64")]
    public async Task The_providers_bytes_pass_and_the_input_is_charged(string format)
    {
        var model = fixture.NextEmbedding();
        fixture.Provider.On(model, new Script { PromptTokens = 11 });
        var call = Call(model, $$"""{"model":"{{model}}","input":["one","two"],"encoding_format":"{{format}}","dimensions":8,"user":"u"}""");

        var answer = await call.RunAsync(fixture.Host);

        answer.Kinds.ShouldBe("ScE");
        Vector(answer, 1).ShouldBe(Embedding.Of("two", 8));
        var cost = RoutingFixture.Cost(11, 0);
        answer.Last.GetProperty("usage").GetRawText().ShouldBe(
            $$$"""{"prompt_tokens":11,"total_tokens":11,"cost":{{{cost / 1_000_000_000m:0.#########}}},"cost_details":{"upstream_inference_cost":null}}""");
        (await fixture.Billing.BalanceAsync(call.Account)).ShouldBe((Grant - cost, 0));
        var sent = fixture.Provider.CallsOf(model).Single();
        (sent.Path, sent.Json.GetProperty("user").GetString(), sent.Json.GetProperty("encoding_format").GetString()).ShouldBe(("/v1/embeddings", "u", format));
    }

    [Fact]
    public async Task A_server_that_knows_numbers_only_is_read_as_the_client_asked()
    {
        var model = fixture.NextEmbedding();
        fixture.Provider.On(model, new Script
        {
            Body = """{"object":"list","data":[{"object":"embedding","index":0,"embedding":[0.5,-1]}],"model":"m"}""",
        });
        var call = Call(model, $$"""{"model":"{{model}}","input":"0123456789012345","encoding_format":"base64"}""");

        var answer = await call.RunAsync(fixture.Host);

        answer.Last.GetProperty("data")[0].GetProperty("embedding").GetString().ShouldBe("AAAAPwAAgL8=");
        answer.Ended!.PromptTokens.ShouldBe(4);
        answer.Ended.CostNanoUsd.ShouldBe(RoutingFixture.Cost(4, 0));
        answer.Last.GetProperty("usage").GetProperty("cost_details").GetProperty("estimated").GetBoolean().ShouldBeTrue();
    }

    [Fact]
    public async Task Gemini_gets_each_text_as_a_request_and_its_numbers_come_in_the_form_that_was_asked_for()
    {
        var model = fixture.NextEmbedding(gemini: true);
        fixture.Provider.On(model, new Script());
        var call = Call(model, $$"""{"model":"{{model}}","input":["one","t\"wo"],"encoding_format":"base64","dimensions":4}""");

        var answer = await call.RunAsync(fixture.Host);

        Vector(answer, 1).ShouldBe(Embedding.Of("t\"wo", 4));
        answer.Last.GetProperty("model").GetString().ShouldBe(model);
        answer.Ended!.CostNanoUsd.ShouldBe(RoutingFixture.Cost(answer.Ended.PromptTokens, 0));
        answer.Ended.PromptTokens.ShouldBe(2);
        fixture.Provider.CallsOf(model).Single().Path.ShouldBe($"/v1beta/models/{model}:batchEmbedContents");
    }

    [Fact]
    public async Task Gemini_takes_no_tokens_and_the_answer_says_so()
    {
        var model = fixture.NextEmbedding(gemini: true);

        var answer = await Call(model, $$"""{"model":"{{model}}","input":[1,2]}""").RunAsync(fixture.Host);

        (answer.Failed!.Failure, answer.Failed.Param, answer.Failed.Code).ShouldBe((CallFailure.InvalidRequest, "input", "unsupported_parameter"));
    }

    [Theory]
    [InlineData("""{"object":"list","data":[]}""")]
    [InlineData("""{"object":"list"}""")]
    [InlineData("""{"data":[{"embedding":"%%%"}]}""")]
    [InlineData("""{"error":{"message":"no"}}""")]
    [InlineData("<html>")]
    public async Task What_is_no_embedding_is_an_error_and_costs_nothing(string body)
    {
        var model = fixture.NextEmbedding();
        fixture.Provider.On(model, new Script { Body = body });
        var call = Call(model, $$"""{"model":"{{model}}","input":"a"}""");

        (await call.RunAsync(fixture.Host)).Failed!.Failure.ShouldBe(CallFailure.ProviderError);
        (await fixture.Billing.BalanceAsync(call.Account)).ShouldBe((Grant, 0));
    }

    [Fact]
    public async Task A_model_is_found_only_by_what_it_does()
    {
        var (chat, embedding, legacy) = (fixture.NextModel(), fixture.NextEmbedding(), fixture.NextLegacy());
        foreach (var call in new[]
        {
            Call(chat, $$"""{"model":"{{chat}}","input":"a"}"""),
            Call(legacy, $$"""{"model":"{{legacy}}","input":"a"}"""),
            new TestCall(embedding),
            new TestCall(legacy),
            new TestCall(embedding) { Dialect = Dialect.OpenaiCompletions, Body = """{"prompt":"a"}""" },
        })
        {
            var answer = await call.RunAsync(fixture.Host);

            (answer.Failed!.Failure, answer.Failed.Param).ShouldBe((CallFailure.InvalidRequest, "model"), $"{call.Dialect} to {call.Model}");
            fixture.Provider.CallsOf(call.Model).ShouldBeEmpty();
        }
    }

    [Fact]
    public async Task The_mock_makes_the_same_vector_of_the_same_text()
    {
        var call = Call("made-up-vectors", """{"model":"made-up-vectors","input":["a","b","a"],"dimensions":16,"encoding_format":"base64"}""");

        var answer = await call.RunAsync(fixture.Host);

        Vector(answer, 2).ShouldBe(Vector(answer, 0));
        Vector(answer, 1).ShouldNotBe(Vector(answer, 0));
        Vector(answer, 0).Sum(value => value * value).ShouldBe(1, 0.001);
    }

    private static TestCall Call(string model, string body) =>
        new(model) { Dialect = Dialect.OpenaiEmbeddings, Stream = false, Body = body };

    private static IReadOnlyList<float> Vector(TestAnswer answer, int index)
    {
        var embedding = answer.Last.GetProperty("data")[index].GetProperty("embedding");
        return embedding.ValueKind == JsonValueKind.String
            ? [.. embedding.GetBytesFromBase64().Chunk(sizeof(float)).Select(bytes => BitConverter.ToSingle(bytes))]
            : [.. embedding.EnumerateArray().Select(value => value.GetSingle())];
    }
}
