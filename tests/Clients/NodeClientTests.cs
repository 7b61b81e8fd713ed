using System.Text.Json;
using LlmGateway.FakeProvider;
using LlmGateway.SystemUnderTest;

namespace LlmGateway.Clients.Tests;

/// <summary>The official npm client in a process of its own: openai.mjs runs the cases, these tests judge what it saw.</summary>
public sealed class NodeClientRun(RunningSystem system) : IAsyncLifetime
{
    private NodeScript _script = null!;

    public async Task InitializeAsync() => _script = await NodeScript.RunAsync(
        "openai.mjs",
        ("BASE_URL", new Uri(system.Gateway, "/v1").ToString()),
        ("KEY", GatewaySystem.Key),
        ("MODEL", GatewaySystem.Model),
        ("EMBEDDING_MODEL", GatewaySystem.EmbeddingModel));

    public JsonElement Result(string name) => _script.Result(name);

    public Task DisposeAsync() => Task.CompletedTask;
}

[Collection(RunningSystem.Name)]
public sealed class NodeClientTests(NodeClientRun run) : IClassFixture<NodeClientRun>
{
    [Fact]
    public void It_gets_a_completion_with_usage()
    {
        var result = run.Result("chat");

        result.GetProperty("content").GetString().ShouldNotBeNullOrEmpty();
        result.GetProperty("finish").GetString().ShouldBe("stop");
        result.GetProperty("usage").GetProperty("completion_tokens").GetInt32().ShouldBePositive();
    }

    [Fact]
    public void It_gets_a_stream_with_exactly_one_usage_chunk()
    {
        var result = run.Result("stream");

        result.GetProperty("content").GetString().ShouldNotBeNullOrEmpty();
        result.GetProperty("finish").GetString().ShouldBe("stop");
        result.GetProperty("usageChunks").GetInt32().ShouldBe(1);
        result.GetProperty("usage").GetProperty("cost").GetDecimal().ShouldBePositive();
    }

    [Fact]
    public void Its_stream_helper_which_throws_on_a_cut_answer_is_content()
    {
        run.Result("helper").GetProperty("finish").GetString().ShouldBe("stop");
    }

    [Fact]
    public void It_gets_embeddings_of_which_every_number_is_right()
    {
        var result = run.Result("embeddings");

        var vectors = result.GetProperty("vectors").EnumerateArray().ToList();
        vectors.Count.ShouldBe(2);
        vectors[1].EnumerateArray().Select(value => value.GetSingle()).ShouldBe(Embedding.Of("two", 8));
        result.GetProperty("usage").GetProperty("cost").GetDecimal().ShouldBePositive();
    }

    [Fact]
    public void It_gets_a_legacy_completion()
    {
        var result = run.Result("completions");

        result.GetProperty("text").GetString().ShouldNotBeNullOrEmpty();
        result.GetProperty("finish").GetString().ShouldBe("stop");
        result.GetProperty("usage").GetProperty("cost").GetDecimal().ShouldBePositive();
    }

    [Fact]
    public void It_lists_the_models()
    {
        run.Result("models").GetProperty("ids").EnumerateArray().Select(id => id.GetString()).ShouldContain(GatewaySystem.Model);
    }

    [Theory]
    [InlineData("wrong_scheme", "AuthenticationError", 401)]
    [InlineData("unknown_key", "PermissionDeniedError", 403)]
    [InlineData("unknown_model", "NotFoundError", 404)]
    [InlineData("missing_messages", "BadRequestError", 400)]
    public void A_refusal_is_of_the_right_class(string name, string type, int status)
    {
        var result = run.Result(name);

        result.GetProperty("class").GetString().ShouldBe(type);
        result.GetProperty("status").GetInt32().ShouldBe(status);
        result.GetProperty("requestId").GetString().ShouldStartWith("req_");
    }
}
