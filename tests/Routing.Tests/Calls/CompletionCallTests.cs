using System.Text.Json;
using LlmGateway.FakeProvider;
using LlmGateway.Protos.Routing.V1;
using LlmGateway.Routing.Tests.Running;

namespace LlmGateway.Routing.Tests.Calls;

/// <summary>Legacy completions: of models that chat, and of models that do nothing else.</summary>
[Collection(SharedRouting.Name)]
public sealed class CompletionCallTests(RoutingFixture fixture)
{
    [Theory]
    [InlineData("one", "/v1/chat/completions")]
    [InlineData("legacy", "/v1/completions")]
    [InlineData("gemini", "")]
    public async Task A_stream_is_text_completions_and_is_charged_exactly(string kind, string path)
    {
        var model = Model(kind);
        fixture.Provider.On(model, new Script { Pieces = ["Grüße", " \"you\"\n"], PromptTokens = 9 });
        var call = Call(model, """{"prompt":"Once upon","max_tokens":50}""") with { Stream = true, IncludeUsage = true };

        var answer = await call.RunAsync(fixture.Host);

        var chunks = answer.Chunks.Select(json => JsonDocument.Parse(json).RootElement).ToList();
        chunks.ShouldAllBe(chunk => chunk.GetProperty("object").GetString() == "text_completion");
        string.Concat(chunks.SelectMany(chunk => chunk.GetProperty("choices").EnumerateArray()).Select(choice => choice.GetProperty("text").GetString()))
            .ShouldBe("Grüße \"you\"\n");
        chunks.SelectMany(chunk => chunk.GetProperty("choices").EnumerateArray()).Select(choice => choice.GetProperty("finish_reason").GetString())
            .Where(reason => reason is not null).ShouldBe(["stop"]);
        chunks[^1].GetProperty("choices").GetArrayLength().ShouldBe(0);
        chunks[^1].GetProperty("usage").GetProperty("cost").GetDecimal().ShouldBe(RoutingFixture.Cost(9, 2) / 1_000_000_000m);
        (answer.Ended!.PromptTokens, answer.Ended.OutputTokens).ShouldBe((9, 2));
        var sent = fixture.Provider.CallsOf(model).Single();
        sent.MaxTokens.ShouldBe(50);
        sent.Path.ShouldStartWith(path);
    }

    [Theory]
    [InlineData("one")]
    [InlineData("legacy")]
    [InlineData("gemini")]
    public async Task A_whole_answer_is_a_text_completion(string kind)
    {
        var model = Model(kind);
        fixture.Provider.On(model, new Script { Chunks = 3, PromptTokens = 9 });

        var answer = await Call(model, """{"prompt":["Once upon"],"max_tokens":50,"temperature":0.5}""").RunAsync(fixture.Host);

        answer.Last.GetProperty("object").GetString().ShouldBe("text_completion");
        var choice = answer.Last.GetProperty("choices")[0];
        (choice.GetProperty("text").GetString(), choice.GetProperty("finish_reason").GetString()).ShouldBe(("word0 word1 word2 ", "stop"));
        answer.Last.GetProperty("usage").GetProperty("cost").GetDecimal().ShouldBe(RoutingFixture.Cost(9, 3) / 1_000_000_000m);
    }

    [Fact]
    public async Task A_model_that_completes_gets_the_clients_own_body_and_its_own_default_as_the_maximum()
    {
        var model = fixture.NextLegacy();
        fixture.Provider.On(model, new Script());

        var answer = await Call(model, """{"prompt":[[1,2],[3]],"echo":false,"logprobs":2,"stream":true,"stream_options":{},"n":1}""").RunAsync(fixture.Host);

        answer.Failed.ShouldBeNull();
        fixture.Provider.CallsOf(model).Single().Json.GetRawText().ShouldBe(
            $$"""{"model":"{{model}}","stream":false,"max_tokens":16,"prompt":[[1,2],[3]],"echo":false,"logprobs":2,"n":1}""");
    }

    [Theory]
    [InlineData("""{"prompt":"a","echo":true}""", "echo", "unsupported_parameter")]
    [InlineData("""{"prompt":"a","suffix":"z"}""", "suffix", "unsupported_parameter")]
    [InlineData("""{"prompt":"a","logprobs":3}""", "logprobs", "unsupported_parameter")]
    [InlineData("""{"prompt":["a","b"]}""", "prompt", "")]
    [InlineData("""{"prompt":[1,2]}""", "prompt", "")]
    [InlineData("""{"prompt":7}""", "prompt", "")]
    public async Task What_a_chat_cannot_do_is_refused_by_name(string body, string param, string code)
    {
        var model = fixture.NextModel();

        var answer = await Call(model, body).RunAsync(fixture.Host);

        (answer.Failed!.Failure, answer.Failed.Param, answer.Failed.Code).ShouldBe((CallFailure.InvalidRequest, param, code));
        fixture.Provider.CallsOf(model).ShouldBeEmpty();
    }

    [Theory]
    [InlineData("one")]
    [InlineData("legacy")]
    public async Task A_stream_that_is_cut_is_not_whole(string kind)
    {
        var model = Model(kind);
        fixture.Provider.On(model, new Script { Chunks = 6, EndAfter = 3, Ending = Ending.Cut });

        var answer = await (Call(model, """{"prompt":"Once upon"}""") with { Stream = true }).RunAsync(fixture.Host);

        answer.Kinds.ShouldMatch("^(Sc+)?F$");
        answer.Failed!.Failure.ShouldBe(CallFailure.ProviderError);
    }

    private string Model(string kind) => kind switch
    {
        "legacy" => fixture.NextLegacy(),
        "gemini" => fixture.NextGemini(),
        _ => fixture.NextModel(),
    };

    private static TestCall Call(string model, string body) =>
        new(model) { Dialect = Dialect.OpenaiCompletions, Stream = false, Body = body };
}
